package journal

import (
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is in a journal beside a file is there until the file says it, also when that fails or is cut short, and not longer.
func TestBeside(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "state", "sent.json")
	full := errors.New("the disk is full")
	for i, row := range []struct {
		keeps error
		adds  string
		want  []string // is in it
	}{
		{nil, "a", nil}, {full, "", []string{"a"}}, {full, "", []string{"a"}}, {nil, "b", []string{"a"}}, {nil, "", []string{"b"}}, {nil, "", nil},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			var got []string
			j, err := Beside(file, func(entries [][]byte) error {
				for _, one := range entries {
					got = append(got, string(one))
				}
				return row.keeps
			})
			if !errors.Is(err, row.keeps) || (j == nil) != (row.keeps != nil) {
				t.Fatalf("error %v, want %v", err, row.keeps)
			}
			if diff := cmp.Diff(row.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if j == nil {
				return
			}
			if row.adds != "" {
				err = j.Add([]byte(row.adds))
			}
			if err := errors.Join(err, j.Close()); err != nil {
				t.Fatal(err)
			}
		})
	}
}
