package bmhs

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"releve/federation"
)

// errUnknown marks an answer about one message that no table lists: it is tried again for hours, and then let go.
var errUnknown = errors.New("an answer that is not known")

// errWaits marks an agent that a person has to activate on the server: it is asked again every few minutes.
var errWaits = errors.New("activate this agent on the BMHS server (its page of agents); until then everything waits")

// errDenied is an answer about an account or an application that the server does not know, errKey one about the key of an
// account that it knows.
var (
	errDenied = federation.Meaning(federation.ErrStopped, federation.ErrDenied)
	errKey    = fmt.Errorf("%w", errDenied)
)

// answers of BMHS that begin so, and what they mean. None of them repeats what was sent.
var answers = []struct {
	text string
	err  error
}{
	{"Agent not activated !", errWaits},
	{"Auto-created agent not activated !", errWaits},
	{"No token !", errWaits},
	{"Error no token", errWaits},

	{"Invalid username !", errDenied},
	{"Invalid applicationId !", errKey},
	{"Subscribe message incomplete !", federation.ErrStopped},
	{"Invalid token !", errDenied},
	{"Invalid application !", errDenied},

	{"Mac is empty !", federation.ErrRefused},
	{"Value is empty !", federation.ErrRefused},
	{"Unparseable date", federation.ErrRefused},
	{"Type device", federation.ErrRefused},
	{"For input string", federation.ErrRefused}, // java.lang.NumberFormatException
	{"datas are required !", federation.ErrRefused},
	{"Erreur validation du formulaire", federation.ErrRefused},

	{"Erreur refresh expired token !", errLater},
	{"Erreur subscribe agent !", errLater},
}

// errNoDevice is the answer about a device that is not there, or not yet. Its name is personal. What was to be written to it is
// let go; whoever reads asks again.
var errNoDevice = fmt.Errorf("%w: the server has no such device", federation.ErrRefused)

// errLater marks an answer that the server gives while something is wrong on its side.
var errLater = errors.New("the server asks to try again")

// mostOfAnswer is how much of an answer is read, in bytes.
const mostOfAnswer = 64 << 10

// verdict says what an answer without content means for what was sent. Only a 200 that says nothing is BMHS's own
// acknowledgement: a page of a network's portal comes with a 200, too.
func verdict(answer *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, mostOfAnswer))
	switch {
	case err != nil:
		return fmt.Errorf("read the answer: %w", err)
	case answer.StatusCode == http.StatusOK && len(strings.TrimSpace(string(text))) == 0:
		return nil
	}
	return refusal(answer, text)
}

// refusal says what any other answer means.
func refusal(answer *http.Response, text []byte) error {
	switch code := answer.StatusCode; {
	case code == http.StatusOK:
		return stranger("another server answers in place of BMHS, a portal of the network perhaps: nothing was stored")
	case code/100 == 3:
		return fmt.Errorf("%w: %w", federation.ErrStopped, stranger("the server is somewhere else: put the address it redirects to into url"))
	case code == http.StatusBadRequest:
		return badRequest(sentence(text))
	case code == http.StatusNotFound:
		return stranger("there is no BMHS at url (404): is its path complete, such as https://bmhs.example/smarthome?")
	default:
		return fmt.Errorf("the server answers %d", code)
	}
}

func stranger(text string) error { return federation.Meaning(errors.New(text), federation.ErrStranger) }

func badRequest(text string) error {
	for _, a := range answers {
		if strings.HasPrefix(text, a.text) {
			return fmt.Errorf("%w: %s", a.err, a.text)
		}
	}
	if strings.HasPrefix(text, "Device ") && strings.HasSuffix(text, " not found !") {
		return errNoDevice
	}
	return fmt.Errorf("%w: 400", errUnknown)
}

// sentence is what an answer says: the text itself, or the error of the data API.
func sentence(text []byte) string {
	var e struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(text, &e) == nil && e.Error != "" {
		return e.Error
	}
	return strings.TrimSpace(string(text))
}
