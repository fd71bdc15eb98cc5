package tic_test

import "bytes"

// naive is the decoder one writes first: split, split, sum. It knows clean input only, and is also the reference the
// real one is compared with.
func naive(raw []byte) [][]string {
	var frames [][]string
	for _, f := range bytes.Split(raw, []byte{0x03}) {
		_, body, found := bytes.Cut(f, []byte{0x02})
		if !found {
			continue
		}
		frames = append(frames, naiveGroups(body))
	}
	return frames
}

func naiveGroups(body []byte) []string {
	var groups []string
	for _, line := range bytes.Split(body, []byte{'\r'}) {
		line = bytes.TrimPrefix(line, []byte{'\n'})
		if len(line) < 4 {
			continue
		}
		covered, sep := line[:len(line)-1], "\t"
		if !bytes.Contains(line, []byte{'\t'}) {
			covered, sep = line[:len(line)-2], " "
		}
		sum := 0
		for _, c := range covered {
			sum += int(c)
		}
		if byte(sum&0x3F)+0x20 != line[len(line)-1] {
			continue
		}
		label, rest, _ := bytes.Cut(line[:len(line)-2], []byte(sep))
		groups = append(groups, string(label)+"|"+string(bytes.ReplaceAll(rest, []byte("\t"), []byte("|"))))
	}
	return groups
}
