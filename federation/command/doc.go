// Package command lets people with a role run commands from afar (XEP-0050), in steps, in their language.
//
// In: commands, each a first page or result and the least role that may run it. Out: their forms to the clients of those
// who may, their answers checked, and a refusal, counted, to everybody else. It decides nothing of what a command does,
// and begins no deed whose form was not whole: each value is of the type, in the range and among the choices that the form
// offered (XEP-0004, XEP-0122), or a sentence beside it says what is wrong and the form is shown again.
package command
