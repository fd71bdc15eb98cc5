package api

import (
	"fmt"
	"net/http"

	"releve/agent/history"
)

// question reads what the history is asked.
func (s *server) question(q parameters) (history.Question, error) {
	meters, err := q.meters(s.names())
	if err != nil {
		return history.Question{}, err
	}
	at, err := q.at(s.History.Now(), s.History.Location)
	return history.Question{
		Meters: meters, Quantity: history.Quantity(q.text("quantity")), Calendar: q.span(), At: at,
		Step: history.Step(q.text("step")), Compare: history.Compare(q.text("compare")),
	}, err
}

func (s *server) history(r *http.Request, q parameters) (reply, error) {
	question, err := s.question(q)
	if err != nil {
		return reply{}, err
	}
	write, ok := map[string]func(history.Answer) (reply, error){"": answerJSON, "json": answerJSON, "csv": answerCSV, "senml": answerSenML}[q.text("format")]
	if !ok {
		return reply{}, wrong("format %q is not one of json, csv, senml", q.text("format"))
	}
	answer, err := s.History.Ask(r.Context(), question)
	if err != nil {
		return reply{}, err
	}
	return write(answer)
}

func answerJSON(a history.Answer) (reply, error) {
	a.Lines = orEmpty(a.Lines)
	for i := range a.Lines {
		a.Lines[i].Points = orEmpty(a.Lines[i].Points)
	}
	return asJSON(a)
}

func (s *server) shares(r *http.Request, q parameters) (reply, error) {
	question, meter, err := s.ofOne(q)
	if err != nil {
		return reply{}, err
	}
	shares, err := s.History.Shares(r.Context(), meter, question.Calendar, question.At)
	if err != nil {
		return reply{}, err
	}
	return asJSON(struct {
		history.Shares
		Known float64 `json:"known_s"`
		Over  float64 `json:"over_s"`
	}{shares, shares.Known.Seconds(), shares.Over.Seconds()})
}

// ofOne reads a question about one meter.
func (s *server) ofOne(q parameters) (history.Question, string, error) {
	meter, err := q.meter(s.names())
	if err != nil {
		return history.Question{}, "", err
	}
	question, err := s.question(q)
	return question, meter, err
}

func (s *server) outlook(r *http.Request, q parameters) (reply, error) {
	question, meter, err := s.ofOne(q)
	if err != nil {
		return reply{}, err
	}
	switch question.Quantity {
	case "":
		question.Quantity = history.Energy
	case history.Energy, history.Injected, history.Production, history.Tariffs:
	default:
		return reply{}, wrong("quantity %q has no outlook: ask for energy, injected, production or tariffs", question.Quantity)
	}
	all, err := s.History.Outlook(r.Context(), meter, question.Quantity, question.Calendar, question.At)
	if err != nil {
		return reply{}, err
	}
	for i := range all {
		all[i].Ahead = orEmpty(all[i].Ahead)
	}
	return asJSON(struct {
		Outlooks []history.Outlook `json:"outlooks"`
	}{all})
}

func (s *server) usual(r *http.Request, q parameters) (reply, error) {
	weeks, err := q.weeks()
	if err != nil {
		return reply{}, err
	}
	question, meter, err := s.ofOne(q)
	if err != nil {
		return reply{}, err
	}
	usual, err := s.History.Usual(r.Context(), meter, question.At, weeks)
	if err != nil {
		return reply{}, err
	}
	return asJSON(usual)
}

func (s *server) bill(r *http.Request, q parameters) (reply, error) {
	if s.Bill == nil {
		return reply{}, fmt.Errorf("%w: no prices are configured: name a file under [prices]", errAbsent)
	}
	question, meter, err := s.ofOne(q)
	if err != nil {
		return reply{}, err
	}
	statement, err := s.Bill(r.Context(), meter, question.At)
	if err != nil {
		return reply{}, err
	}
	statement.Usages = orEmpty(statement.Usages)
	return asJSON(statement)
}
