package strict

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// byteOrderMark is what editors of Windows put before UTF-8; it belongs to no text (RFC 3629 §6).
var byteOrderMark = []byte("\xEF\xBB\xBF")

// Text is what a file says, without a byte order mark. UTF-16, which has zeros or a mark of its own, and the code pages before
// Unicode are refused: a letter that was guessed wrong in a name or a password would be found out much later.
func Text(file string, raw []byte) ([]byte, error) {
	text := bytes.TrimPrefix(raw, byteOrderMark)
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, fmt.Errorf("%s: it is not saved as UTF-8: choose UTF-8 as its encoding where you save it", file)
	}
	return text, nil
}
