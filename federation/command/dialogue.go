package command

import (
	"context"
	"errors"
	"slices"

	"releve/federation/xmpp"
)

// dialogue is the pages somebody has seen, the last of them in front. It is never changed, only replaced.
type dialogue []*Page

// step does what one request asks for.
func (d dialogue) step(ctx context.Context, begin func(context.Context, Caller) (Turn, error), c Caller, s xmpp.Step) (xmpp.Outcome, error) {
	if len(d) == 0 {
		turn, err := begin(ctx, c)
		page, isPage := turn.(*Page)
		if err != nil || !isPage || s.Form == nil {
			return d.say(c, turn, err)
		}
		d = dialogue{page} // a program that knows the form sends it at once
	}
	if s.Action == xmpp.ActionPrev {
		return d.back().show(c), nil
	}
	if s.Form == nil {
		return d.show(c), nil
	}
	return d.submit(ctx, c, s.Form)
}

// submit hands what was filled in to the page in front.
func (d dialogue) submit(ctx context.Context, c Caller, form *xmpp.Form) (xmpp.Outcome, error) {
	page := d[len(d)-1]
	seen := d.withFront(page.filled(form))
	a, wrong := answers(page.Fields, form)
	if wrong != nil {
		return seen.mend(c, wrong), nil
	}
	turn, err := page.Then(ctx, c, a)
	if errors.As(err, &wrong) {
		return seen.mend(c, wrong), nil
	}
	return seen.say(c, turn, err)
}

// mend shows the page in front again, with what is wrong. What is remembered is the page without that.
func (d dialogue) mend(c Caller, wrong Invalid) xmpp.Outcome {
	shown := d.withFront(d[len(d)-1].mend(wrong)).show(c)
	shown.State = d
	return shown
}

func (d dialogue) say(c Caller, turn Turn, err error) (xmpp.Outcome, error) {
	if err != nil {
		return xmpp.Outcome{}, err
	}
	if page, ok := turn.(*Page); ok {
		return append(slices.Clip(d), page).show(c), nil
	}
	return turn.(*Result).outcome(c), nil
}

// back is the dialogue with the page before in front. What was filled in here is gone: the page may depend on that one.
func (d dialogue) back() dialogue {
	return slices.Clone(d[:max(1, len(d)-1)])
}

func (d dialogue) withFront(page *Page) dialogue {
	changed := slices.Clone(d)
	changed[len(changed)-1] = page
	return changed
}

// show is the page in front as it travels.
func (d dialogue) show(c Caller) xmpp.Outcome {
	page := d[len(d)-1]
	o := xmpp.Outcome{Form: page.form(c), Notes: notes(page.Notes, c), Actions: []string{xmpp.ActionNext}, State: d}
	if page.Final {
		o.Actions = []string{xmpp.ActionComplete}
	}
	if len(d) > 1 {
		o.Actions = append(o.Actions, xmpp.ActionPrev)
	}
	return o
}
