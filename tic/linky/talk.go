package linky

import (
	"bytes"
	"slices"
	"time"

	"releve/tic"
)

// talk is one frame on the line.
type talk struct {
	line    []byte        // what was there before, then the frame
	mode    tic.Mode      // decides the speed
	at      time.Duration // since the start
	took    time.Duration // on the line
	silence time.Duration // after the frame
}

// next is Frame, and also says how the frame goes over the line.
func (m *Meter) next(dst []byte) talk {
	t := talk{line: dst, mode: m.mode, at: m.Now().Sub(m.scenario.Start), silence: time.Second}
	if m.condition.Output == Silent {
		m.Advance(t.silence)
		return t
	}
	before := len(dst)
	t.line = append(t.line, startOfText)
	now, index := m.now, m.index
	m.garble(t.at)
	t.line = append(m.groups(t.line), endOfText)
	m.now, m.index = now, index
	if t.mode == tic.Historic {
		t.line = m.overload(t.line, before)
	}
	t.silence = time.Duration(m.silence.between(16_700, 33_400)) * time.Microsecond // 02E §1.5.1
	t.took = onLine(len(t.line)-before, baudOf(t.mode))
	m.Advance(t.took + t.silence)
	return t
}

// groups appends what is between STX and ETX.
func (m *Meter) groups(dst []byte) []byte {
	switch {
	case m.condition.Output == Standby:
		return m.standby(dst)
	case m.scenario.Model == Industrial:
		return m.industrial(dst)
	case m.mode == tic.Historic:
		return m.historic(dst)
	}
	return m.standard(dst)
}

// standby appends the address, which is all that an output in "veille" says (02E §1.5.2).
func (m *Meter) standby(dst []byte) []byte {
	if m.mode == tic.Historic {
		l := lines{out: dst, separator: space}
		l.text("ADCO", m.address)
		return l.out
	}
	l := lines{out: dst, separator: tab}
	l.text("ADSC", m.address)
	return l.out
}

// overload looks for the second, among those that pass while the frame from line[before] on is being sent, in
// which the current rises above the subscription. On one phase ADPS comes right after the group being sent then; on
// three the frame ends there, with EOT (02E §1.5.2).
func (m *Meter) overload(line []byte, before int) []byte {
	began, mode := m.instant, m.mode
	if m.condition.Output != Informing || m.scenario.Model == Industrial || m.warns() {
		return line
	}
	for {
		second := m.second + m.stride
		since := time.Duration(second*int64(time.Second) - began)
		sent := before + int(since*time.Duration(baudOf(mode))/10/time.Second)
		if sent >= len(line)-1 {
			return line
		}
		m.measureUntil(second)
		if m.warns() && m.mode == mode {
			return m.interrupt(line, sent+bytes.IndexByte(line[sent:], carriageReturn)+1)
		}
	}
}

// warns tells whether a frame that began now would warn of an overload.
func (m *Meter) warns() bool {
	if m.scenario.Phases == 1 {
		return m.alarm.over[0]
	}
	return m.second < m.alarm.until
}

// interrupt puts the warning into a frame, at the end of a group.
func (m *Meter) interrupt(line []byte, at int) []byte {
	if m.scenario.Phases == 3 {
		return append(line[:at], endOfTransmission)
	}
	var room [16]byte
	l := lines{out: room[:0], separator: space}
	l.number("ADPS", 3, m.now.amps[0])
	return slices.Insert(line, at, l.out...)
}

// baudOf is the speed of a mode, in bits per second.
func baudOf(mode tic.Mode) int64 {
	if mode == tic.Historic {
		return 1200
	}
	return 9600
}

// onLine is the time that n characters take: a start bit, seven bits, parity and a stop bit each.
func onLine(n int, baud int64) time.Duration {
	return time.Duration(int64(n) * 10 * int64(time.Second) / baud)
}
