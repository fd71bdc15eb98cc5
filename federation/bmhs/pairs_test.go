package bmhs

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	dictionary "releve/agent/series"
	"releve/tic"
	"releve/tic/linky"
)

// words of BMHS's own agent for the labels that it knows, and what it says of them.
var itsLabels = map[string]map[string]any{
	"OPTARIF": {"": "opttarif", "label": "Option tarifaire"},
	"ISOUSC":  {"": "isousc", "label": "Intensité souscrite", "unite": "A"},
	"BASE":    {"": "base", "label": "Total toutes heures", "unite": "Wh", "trace": true},
	"HCHC":    {"": "hchc", "label": "Total heures creuses", "unite": "Wh", "trace": true},
	"HCHP":    {"": "hchp", "label": "Total heures pleines", "unite": "Wh", "trace": true},
	"EJPHN":   {"": "hchc", "label": "Total heures normales", "unite": "Wh", "trace": true},
	"EJPHPM":  {"": "hchp", "label": "Total heures pointe mobile", "unite": "Wh", "trace": true},
	"PTEC":    {"": "ptec", "label": "Période tarifaire"},
	"IINST":   {"": "iinst", "label": "Intensité instantanée", "unite": "A", "main": true},
	"IMAX":    {"": "imax", "label": "Intensité maximale", "unite": "A"},
	"PAPP":    {"": "papp", "label": "Puissance apparente", "unite": "VA"},
	"ADPS":    {"": "adps", "label": "Avertissement Dépassement Puissance", "unite": "A", "trace": true},
}

// itsMetavalues are what BMHS's own agent makes of a frame that follows another, made from its labels and nothing of ours.
func itsMetavalues(f *tic.Frame, before map[string]any) map[string]any {
	all := map[string]any{}
	for _, g := range f.Groups {
		words := itsLabels[string(g.Label)]
		if words == nil {
			continue
		}
		one := map[string]any{"value": strings.ReplaceAll(string(g.Value), ".", ""), "originalName": string(g.Label)}
		for word, v := range words {
			if word != "" {
				one[word] = v
			}
		}
		all[words[""].(string)] = one
	}
	if all["adps"] == nil {
		all["adps"] = map[string]any{"value": "0", "label": "Avertissement Dépassement Puissance", "unite": "A", "trace": true}
	}
	for _, pair := range indexPairs {
		now, ok := all[pair.index].(map[string]any)
		if !ok {
			continue
		}
		energy := 0
		if last, ok := before[pair.index].(map[string]any); ok {
			energy = whole(now["value"]) - whole(last["value"])
		}
		label := strings.Replace(now["label"].(string), "Total", "Période", 1)
		all[pair.since] = map[string]any{"value": strconv.Itoa(energy), "label": label, "unite": "Wh", "trace": true}
	}
	iinst, _ := all["iinst"].(map[string]any)
	papp := whole(all["papp"].(map[string]any)["value"])
	if iinst != nil && whole(iinst["value"]) == 0 && papp > 0 { // there ours says more: its 0 keeps indexes out of the history
		delete(iinst, "originalName")
		iinst["value"] = strconv.Itoa(int(math.Ceil(float64(papp) / volts)))
	}
	return all
}

func whole(v any) int {
	n, _ := strconv.Atoi(v.(string))
	return n
}

// TestEmulatedMeters holds that every frame of emulated meters in historic mode gives the message that BMHS's own agent
// makes of it, as JSON.
func TestEmulatedMeters(t *testing.T) {
	t.Parallel()
	for _, contract := range []linky.Contract{linky.Base, linky.PeakOffPeak, linky.EJP} {
		for _, overload := range []bool{false, true} {
			t.Run(fmt.Sprint(contract, overload), func(t *testing.T) {
				t.Parallel()
				emulated, err := linky.New(linky.Scenario{Mode: tic.Historic, Contract: contract, Seed: 5, Overload: overload})
				if err != nil {
					t.Fatal(err)
				}
				recorder, d := dictionary.NewRecorder("linky", 10*time.Minute), newDevice()
				before, at, frames := map[string]any{}, emulated.Now(), 0
				decoder := tic.NewDecoder(tic.Historic, func(f *tic.Frame) {
					if !f.Complete {
						return
					}
					frames++
					want := itsMetavalues(f, before)
					take(d, recorder.Record(f, at))
					got := object(t, messageOf(t, d, "m", at))["metavalues"]
					if diff := cmp.Diff(want, got); diff != "" {
						t.Fatalf("frame %d (-theirs +ours):\n%s", frames, diff)
					}
					before = want
				})
				for range 300 {
					at = emulated.Now().Truncate(time.Millisecond)
					if _, err := decoder.Write(emulated.Frame(nil)); err != nil {
						t.Fatal(err)
					}
					emulated.Skip(time.Minute)
				}
				if frames < 250 {
					t.Errorf("%d frames were compared", frames)
				}
			})
		}
	}
}
