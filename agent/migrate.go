package main

// migrateVerbs turn the configurations of other programs into ours.
type migrateVerbs struct {
	BMHS migrateBMHSVerb `cmd:"" name:"bmhs" help:"From BMHS's own agent (smarthome-raspberry): its smarthome.credentials."`
}
