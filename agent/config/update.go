package config

// Update is the [update] section: where releases come from, and who has to have signed them. The zero value for no updates
// from afar.
type Update struct {
	From    string // address of the folder of a release, without a slash at its end
	KeyFile string // public key of OpenPGP
	CAFile  string // PEM, or "" for the system's authorities
}

// rawUpdate has nothing that could be changed from afar: whoever may choose the key may run anything.
type rawUpdate struct {
	From    string `toml:"from"`
	KeyFile string `toml:"key_file" type:"file"`
	CAFile  string `toml:"ca_file" type:"file"`
}

func (f *findings) update(d document) Update {
	u := Update(d.Update)
	if (u.From == "") != (u.KeyFile == "") {
		f.addf("update: from and key_file go together")
	}
	if u.From != "" {
		u.From = f.url("update.from", u.From, "https://breizh-sen1.example/releve")
	}
	return u
}
