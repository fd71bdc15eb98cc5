package bmhs

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Message is a deviceValue that was taken, as it was sent, and when the server thinks it was measured.
type Message struct {
	User, MAC  string
	Value      string
	Metavalues map[string]Metavalue
	At         time.Time
	Offline    bool
	Raw        json.RawMessage
}

// Metavalue is one quantity of a message.
type Metavalue struct {
	Value, Label, Unit string
	Trace, Main        bool
}

// Device is what the server keeps of a device.
type Device struct {
	Type       string
	Value      string
	At         time.Time // of the value
	metavalues map[string]*Metavalue
	rows       map[string][]Row // by metavalue, "" for the value; as they were inserted
	days       map[string]map[string]float64
}

// Row is one line of the history.
type Row struct {
	At    time.Time
	Value float64
}

// deviceValue is a message as it comes. Values are raw: the server's next step makes a Double of a number.
type deviceValue struct {
	ImplClass  string          `json:"implClass"`
	MAC        string          `json:"mac"`
	Value      json.RawMessage `json:"value"`
	Label      *string         `json:"label"`
	DateValue  *string         `json:"dateValue"`
	Metavalues map[string]struct {
		Value json.RawMessage `json:"value"`
		Label string          `json:"label"`
		Unite string          `json:"unite"`
		Trace bool            `json:"trace"`
		Main  bool            `json:"main"`
	} `json:"metavalues"`
	Offset      int   `json:"timezoneOffset"`
	Offline     bool  `json:"offline"`
	Association *bool `json:"association"`
	raw         json.RawMessage
}

func readMessage(data json.RawMessage) (deviceValue, error) {
	var m deviceValue
	if len(data) == 0 || json.Unmarshal(data, &m) != nil {
		return m, refused("null")
	}
	m.raw = bytes.Clone(data)
	return m, nil
}

// types by a word in the label, which goes before the type that is said.
var labelled = []string{"luminance", "temperature", "roller shutter", "smoke", "motion", "switch"}

const meterType = "smarthome.automation.deviceType.TeleInformation"

// mostText is how long a value, a label and a mac may be, and mostUnit a unit.
const mostText, mostUnit = 255, 32

// store does what DeviceService.changeValueFromAgent does, and what follows it.
func (s *Server) store(u *user, m deviceValue) error {
	switch {
	case m.MAC == "":
		return refused("Mac is empty !")
	case len(m.Value) == 0 || string(m.Value) == "null":
		return refused("Value is empty !")
	case m.Label != nil && slices.ContainsFunc(labelled, func(w string) bool { return strings.Contains(strings.ToLower(*m.Label), w) }):
		return refused("strict: the label changes the type of the device")
	case m.ImplClass != meterType && m.ImplClass != "smarthome.automation.deviceType.Capteur":
		return refused("Type device (implClass) is empty or not found : " + m.ImplClass)
	}
	at, err := s.date(m)
	if err != nil {
		return err
	}
	taken, err := m.taken(u.name, at)
	if err != nil {
		return err
	}
	if m.Association != nil && !*m.Association {
		return nil // refused without a word
	}
	d, known := u.devices[m.MAC]
	if !known {
		d = newDevice(m.ImplClass)
		u.devices[m.MAC] = d
	}
	if err := d.prepare(taken, known); err != nil {
		return err
	}
	s.messages = append(s.messages, taken)
	d.At, d.Value = at, taken.Value
	for name, v := range taken.Metavalues {
		d.see(name, v)
	}
	for name, v := range d.metavalues {
		if _, sent := taken.Metavalues[name]; sent && v.Main {
			d.Value = v.Value
		}
	}
	s.trace(d, taken)
	return nil
}

func newDevice(kind string) *Device {
	return &Device{Type: kind, metavalues: map[string]*Metavalue{}, rows: map[string][]Row{}, days: map[string]map[string]float64{}}
}

// taken is a message whose values are the texts that they must be.
func (m deviceValue) taken(user string, at time.Time) (Message, error) {
	t := Message{User: user, MAC: m.MAC, Metavalues: map[string]Metavalue{}, At: at, Offline: m.Offline, Raw: m.raw}
	if json.Unmarshal(m.Value, &t.Value) != nil {
		return t, refused("strict: value is a number, which becomes a Double on its way")
	}
	for name, v := range m.Metavalues {
		var text string
		if json.Unmarshal(v.Value, &text) != nil {
			return t, refused("strict: the value of " + name + " is a number, which becomes a Double on its way")
		}
		if len(text) > mostText || len(v.Label) > mostText || len(m.MAC) > mostText || len(v.Unite) > mostUnit {
			return t, refused("Data truncation")
		}
		t.Metavalues[name] = Metavalue{text, v.Label, v.Unite, v.Trace, v.Main}
	}
	return t, nil
}

var dateForm = regexp.MustCompile(`^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\.(\d{1,9})Z$`)

// date reads dateValue as SimpleDateFormat does: the digits are local time, and all decimals are milliseconds.
func (s *Server) date(m deviceValue) (time.Time, error) {
	if m.DateValue == nil {
		return s.options.Now(), nil
	}
	parts := dateForm.FindStringSubmatch(*m.DateValue)
	if parts == nil {
		return time.Time{}, refused(fmt.Sprintf("Unparseable date: %q", *m.DateValue))
	}
	at, err := time.ParseInLocation("2006-01-02T15:04:05", parts[1], s.options.Zone)
	if err != nil {
		return time.Time{}, refused(fmt.Sprintf("Unparseable date: %q", *m.DateValue))
	}
	milliseconds, _ := strconv.Atoi(parts[2]) // digits
	at = at.Add(time.Duration(milliseconds) * time.Millisecond)
	return at.Add(-time.Duration(m.Offset) * time.Minute).UTC(), nil
}

// prepare is prepareMetaValuesForSave: an index must be a whole number, of a device that is known.
func (d *Device) prepare(m Message, known bool) error {
	if d.Type != meterType || !known {
		return nil
	}
	for _, pair := range [][2]string{{"base", "baseinst"}, {"hchc", "hcinst"}, {"hchp", "hpinst"}} {
		v, sent := m.Metavalues[pair[0]]
		if _, inst := m.Metavalues[pair[1]]; !sent || inst {
			continue
		}
		n, err := strconv.ParseInt(v.Value, 10, 64)
		if err != nil {
			return refused(fmt.Sprintf("For input string: %q", v.Value))
		}
		m.Metavalues[pair[1]] = Metavalue{Value: strconv.FormatInt(n-d.before(pair[0], m.At, n), 10), Trace: true}
	}
	return nil
}

// before is the last index of the half hour before, or else n itself.
func (d *Device) before(name string, at time.Time, n int64) int64 {
	for i := len(d.rows[name]) - 1; i >= 0; i-- {
		if row := d.rows[name][i]; row.At.Before(at) && !row.At.Before(at.Add(-30*time.Minute)) {
			return int64(row.Value)
		}
	}
	return n
}

// see updates a metavalue: what it is, is taken when it is made.
func (d *Device) see(name string, v Metavalue) {
	if d.metavalues[name] == nil {
		d.metavalues[name] = &v
		return
	}
	d.metavalues[name].Value, d.metavalues[name].Label = v.Value, v.Label
}

// trace writes the history: the value of the device first, and only then the metavalues that are traced.
func (s *Server) trace(d *Device, m Message) {
	value, err := strconv.ParseFloat(d.Value, 64)
	if err != nil || value == 0 && !s.options.Qualitative {
		return
	}
	d.insert("", Row{m.At, value}, s.options.Zone)
	for _, name := range slices.Sorted(maps.Keys(m.Metavalues)) {
		v := d.metavalues[name]
		n, err := strconv.ParseFloat(m.Metavalues[name].Value, 64)
		if v.Trace && !v.Main && err == nil {
			d.insert(name, Row{m.At, n}, s.options.Zone)
		}
	}
}

// insert adds a row, whatever is there already, and adds up its day.
func (d *Device) insert(name string, row Row, zone *time.Location) {
	d.rows[name] = append(d.rows[name], row)
	d.addUp(name, row.At, zone)
}

// addUp is the aggregate of a local day: its highest value without its lowest.
func (d *Device) addUp(name string, at time.Time, zone *time.Location) {
	local := at.In(zone).Format(time.DateOnly)
	var of []float64
	for _, row := range d.rows[name] {
		if row.At.In(zone).Format(time.DateOnly) == local {
			of = append(of, row.Value)
		}
	}
	if d.days[name] == nil {
		d.days[name] = map[string]float64{}
	}
	d.days[name][local] = slices.Max(of) - slices.Min(of)
}

// Messages returns what agents have sent and the server has taken, in the order it came.
func (s *Server) Messages() []Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.messages)
}

// Rows returns the history of a device's metavalue, "" for its value, in the order it was inserted.
func (s *Server) Rows(mac, metavalue string) []Row {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.device(mac); d != nil {
		return slices.Clone(d.rows[metavalue])
	}
	return nil
}

// Day returns what the server has added up for a local day, such as 2026-11-23.
func (s *Server) Day(mac, metavalue, day string) float64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.device(mac); d != nil {
		return d.days[metavalue][day]
	}
	return 0
}

// Agents lists those of a user by their mac, in order, and whether each is locked.
func (s *Server) Agents(name string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for mac, a := range s.users[name].agents {
		all = append(all, fmt.Sprint(mac, " locked: ", a.locked))
	}
	slices.Sort(all)
	return all
}

// Devices returns the names of all devices, sorted.
func (s *Server) Devices() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, u := range s.users {
		all = slices.AppendSeq(all, maps.Keys(u.devices))
	}
	slices.Sort(all)
	return all
}

// Put inserts rows as if an agent had sent them long ago, without anything that would follow.
func (s *Server) Put(user, mac, metavalue string, rows ...Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	u := s.users[user]
	if u.devices[mac] == nil {
		u.devices[mac] = newDevice(meterType)
	}
	u.devices[mac].rows[metavalue] = append(u.devices[mac].rows[metavalue], rows...)
}

func (s *Server) device(mac string) *Device {
	for _, u := range s.users {
		if d := u.devices[mac]; d != nil {
			return d
		}
	}
	return nil
}
