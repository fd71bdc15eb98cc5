package tic

import (
	"fmt"
	"strings"
)

// Profile is PJOURF+1 or PPOINTE, the plan of a day.
//
//	Format:  eleven blocks HHMMSSSS with a space between, unused ones NONUTILE, 54E §6.2.3.17
//	Example: 00004001 06004002 22004001 NONUTILE …
type Profile struct {
	blocks [profileBlocks]Block
	used   int
}

// The numbers of blocks and of characters of a profile.
const (
	profileBlocks = 11
	blockWidth    = 8
	profileWidth  = profileBlocks*(blockWidth+1) - 1
)

// Block is what holds from a time of the day until the next block.
type Block struct {
	Hour, Minute uint8
	Contact      Contact
	Virtual      uint8 // commands of the virtual contacts: bit 0 is contact 1, bit 6 contact 7
	Index        uint8 // supplier index that counts, 1 to 10; 0 leaves it as it is
}

// Contact is what a block commands of the dry contact.
type Contact uint8

// The commands.
const (
	LeaveContact Contact = iota
	TempoContact         // as the configuration of the Tempo contract says
	OpenContact
	CloseContact
)

// String returns the command in a word.
func (c Contact) String() string { return word(c, "leave", "Tempo", "open", "close") }

// ParseProfile reads 98 characters. Used blocks must come first and in the order of their times.
func ParseProfile(raw []byte) (p Profile, err error) {
	err = p.read(raw)
	return p, err
}

// read reads a profile in place of the one before.
func (p *Profile) read(raw []byte) error {
	p.used = 0
	if len(raw) != profileWidth {
		return fmt.Errorf("read day profile: %d characters, want %d", len(raw), profileWidth)
	}
	for i := range profileBlocks {
		at := i * (blockWidth + 1)
		if i > 0 && raw[at-1] != sp {
			return fmt.Errorf("read day profile: no space before block %d", i+1)
		}
		block := raw[at : at+blockWidth]
		if string(block) == unusedBlock {
			continue
		}
		if fault := p.add(i, block); fault != "" {
			return fmt.Errorf("read day profile: block %d, %q, %s", i+1, block, fault)
		}
	}
	return nil
}

// add appends the block that stands at place i, or says what is wrong with it.
func (p *Profile) add(i int, raw []byte) (fault string) {
	clock, ok := decimal(raw[:4])
	orders, hex := hexadecimal(raw[4:])
	b := Block{
		Hour: uint8(clock / 100), Minute: uint8(clock % 100),
		Contact: Contact(orders >> 14), Virtual: uint8(orders >> 4 & 0x7F), Index: uint8(orders & 15),
	}
	switch {
	case !ok || !hex:
		return "is not HHMM and four hexadecimal digits"
	case b.Hour > 23 || b.Minute > 59:
		return "has no such time"
	case p.used < i:
		return "follows one that is not used"
	case i > 0 && !p.blocks[i-1].before(b):
		return "is not later than the one before"
	}
	if b.Index > supplierIndexes { // 11 to 15 mean the same as 0
		b.Index = 0
	}
	p.blocks[i] = b
	p.used++
	return ""
}

// unusedBlock fills the place of a block.
const unusedBlock = "NONUTILE"

func (b Block) before(other Block) bool {
	return b.Hour < other.Hour || b.Hour == other.Hour && b.Minute < other.Minute
}

// Blocks returns the used blocks, in the order of their times.
func (p *Profile) Blocks() []Block { return p.blocks[:p.used] }

// At returns the block that holds at a time of the day, and whether there is one: not before the first.
func (p *Profile) At(hour, minute int) (Block, bool) {
	at := Block{Hour: uint8(hour), Minute: uint8(minute)}
	for i := p.used - 1; i >= 0; i-- {
		if !at.before(p.blocks[i]) {
			return p.blocks[i], true
		}
	}
	return Block{}, false
}

// String returns the used blocks as "06:00 index 2, contact open".
func (p Profile) String() string {
	words := make([]string, 0, p.used)
	for _, b := range p.Blocks() {
		words = append(words, b.String())
	}
	return strings.Join(words, "; ")
}

// String returns the block in words. What it leaves as it is, it does not name.
func (b Block) String() string {
	text := fmt.Sprintf("%02d:%02d", b.Hour, b.Minute)
	if b.Index > 0 {
		text += fmt.Sprintf(" index %d", b.Index)
	}
	if b.Contact != LeaveContact {
		text += fmt.Sprintf(" contact %s", b.Contact)
	}
	if b.Virtual != 0 {
		text += fmt.Sprintf(" virtual %07b", b.Virtual)
	}
	return text
}
