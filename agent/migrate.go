package main

// migrateVerbs turn the configurations of other programs into ours.
type migrateVerbs struct {
	BMHS migrateBMHSVerb `cmd:"" name:"bmhs" help:"Print what BMHS's own agent (smarthome-raspberry) does as our configuration, from its smarthome.credentials."`
	SEN1 migrateSEN1Verb `cmd:"" name:"sen1" help:"Print what a proxy of the SEN1 proof of concept does as our configuration, from a dump of its database."`
}
