package senml_test

import (
	"fmt"
	"time"

	"releve/senml"
)

func ExampleEncodeJSON() {
	pack := senml.Pack{
		{BaseName: "urn:dev:ow:10e2073a01080063:", BaseTime: 1700000000, Name: "power", Unit: "VA", Value: senml.NumberValue(1250)},
		{Name: "relay", Time: 1.5, Value: senml.BoolValue(true)},
	}
	data, err := senml.EncodeJSON(pack)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output: [{"bn":"urn:dev:ow:10e2073a01080063:","bt":1700000000,"n":"power","u":"VA","v":1250},{"n":"relay","t":1.5,"vb":true}]
}

func ExamplePack_Resolve() {
	pack, err := senml.DecodeXML([]byte(`<sensml xmlns="urn:ietf:params:xml:ns:senml">
		<senml bn="urn:dev:ow:10e2073a01080063_" bu="W" n="power" v="1250"/>
		<senml n="power" t="-60" v="1230"/>
	</sensml>`))
	if err != nil {
		fmt.Println(err)
		return
	}
	resolved, err := pack.Resolve(time.Unix(1700000000, 0))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range resolved {
		fmt.Println(r.Name, r.Value, r.Unit, time.Unix(int64(r.Time), 0).UTC().Format(time.TimeOnly))
	}
	// Output:
	// urn:dev:ow:10e2073a01080063_power 1230 W 22:12:20
	// urn:dev:ow:10e2073a01080063_power 1250 W 22:13:20
}

func ExamplePack_Compact() {
	pack := senml.Pack{
		{Name: "urn:dev:ow:1:voltage", Unit: "V", Time: 1700000000, Value: senml.NumberValue(230)},
		{Name: "urn:dev:ow:1:current", Unit: "A", Time: 1700000000, Value: senml.NumberValue(5)},
		{Name: "urn:dev:ow:1:voltage", Unit: "V", Time: 1700000001, Value: senml.NumberValue(231)},
	}
	data, err := senml.EncodeJSON(pack.Compact())
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(string(data))
	// Output: [{"bn":"urn:dev:ow:1:","bt":1700000000,"bu":"V","n":"voltage","v":230},{"n":"current","u":"A","v":5},{"n":"voltage","t":1,"v":231}]
}

func ExampleUnit_ToPrimary() {
	unit, _ := senml.LookupUnit("kWh")
	fmt.Println(unit.ToPrimary(1.5), unit.Primary)
	// Output: 5.4e+06 J
}

func ExamplePack_Validate() {
	pack := senml.Pack{
		{Name: "a", Value: senml.NumberValue(1)},
		{Name: "prix €", Value: senml.NumberValue(2)},
	}
	fmt.Println(pack.Validate())
	// Output: record 2: name holds ' '; only letters, digits and - : . / _ may stand there (RFC 8428 §4.5.1)
}
