package series

// steady is a word that a meter repeats in every frame, such as its address. Another word holds when enough frames in a
// row say it: what is damaged is never damaged the same way twice.
type steady struct {
	word   string
	next   string
	agreed int // frames in a row that said next
}

// settled is how many.
const settled = 3

// hear takes the word of a frame and tells whether it is now another than before, the first included.
func (s *steady) hear(word []byte) (changed bool) {
	switch {
	case string(word) == s.word && s.word != "":
		s.agreed = 0
		return false
	case s.agreed > 0 && string(word) == s.next:
		s.agreed++
	default:
		s.next, s.agreed = string(word), 1
	}
	if s.agreed < settled {
		return false
	}
	s.word, s.agreed = s.next, 0
	return true
}

// vouch lets a word that cannot be damaged hold as soon as it is heard.
func (s *steady) vouch(word []byte) {
	if string(word) != s.word {
		s.next, s.agreed = string(word), settled-1
	}
}
