package main

// migrateVerbs turn the configurations of other programs into ours.
type migrateVerbs struct {
	BMHS migrateBMHSVerb `cmd:"" name:"bmhs" help:"From BMHS's own agent (smarthome-raspberry): its smarthome.credentials."`
	SEN1 migrateSEN1Verb `cmd:"" name:"sen1" help:"From a proxy of the SEN1 proof of concept: a dump of its database."`
}
