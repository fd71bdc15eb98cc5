package command

import "releve/federation/xmpp"

// Role is what somebody may do. Each includes what the ones before it may.
type Role uint8

// The roles.
const (
	Nobody   Role = iota
	Reader        // sees how the agent does and what it is told
	Operator      // and tries, pauses and resumes what there is
	Owner         // and changes it, and sees the household's own data
)

var roleNames = [...]string{"nobody", "reader", "operator", "owner"}

// String returns the role as the configuration and the log call it.
func (r Role) String() string {
	if int(r) < len(roleNames) {
		return roleNames[r]
	}
	return roleNames[Nobody]
}

// Caller is who runs a command.
type Caller struct {
	JID  xmpp.JID // full
	Lang string   // fr or en
	Role Role
}

// Bare is who it is, whatever the client.
func (c Caller) Bare() string { return c.JID.Bare().String() }

// Say words a sentence for the caller; "" for none.
func (c Caller) Say(t Text) string {
	if t == nil {
		return ""
	}
	return t.In(c.Lang)
}
