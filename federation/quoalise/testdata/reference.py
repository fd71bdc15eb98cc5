"""A client that speaks Quoalise as the federation's reference client does, on slixmpp: strictly what it understands.

usage: reference.py JID PASSWORD HOST PORT CA-FILE PROVIDER PUSHES NODE [FIELD=VALUE]...
Runs the command NODE with those fields. Prints a record a line (name, value, unit, time) and then the meta, or Success, or
the error: condition, issuer and code of an upstream error, text. Then waits for PUSHES messages and prints them alike.
"""
import asyncio
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError
from slixmpp.xmlstream.handler import Callback
from slixmpp.xmlstream.matcher import MatchXPath

CMD = "{http://jabber.org/protocol/commands}"
Q = "{urn:quoalise:0}"
S = "{urn:ietf:params:xml:ns:senml}"


def records(sensml):
    name, base, unit, start = "", 0.0, "", None
    for r in sensml.findall(S + "senml"):
        name = r.get("bn", name)
        base = float(r.get("bt", base))
        unit = r.get("bu", unit)
        start = float(r.get("bv")) if "bv" in r.attrib else start
        value = None if r.get("v") is None else float(r.get("v"))
        if start is not None:
            value = start + value if value is not None else start
        yield name + r.get("n", ""), value, unit + r.get("u", ""), base + float(r.get("t", 0))


def show(what, quoalise):
    data = quoalise.find(Q + "data")
    for record in records(data.find(S + "sensml")):
        print(what, *record)
    measurement = data.find(Q + "meta").find(Q + "measurement").attrib
    print("meta", *(f"{k}={v}" for k, v in sorted(measurement.items())))


def request(node, fields):
    command = ET.Element(CMD + "command", node=node, action="execute")
    x = ET.SubElement(command, "{jabber:x:data}x", type="submit")
    for field in fields:
        var, value = field.split("=", 1)
        e = ET.SubElement(x, "{jabber:x:data}field", var=var, type="text-single")
        ET.SubElement(e, "{jabber:x:data}value").text = value
    return command


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, provider, pushes, node, fields):
        super().__init__(jid, password)
        self.ca_certs, self.provider, self.pushes = ca, provider, int(pushes)
        self.command = request(node, fields)
        self.add_event_handler("session_start", self.start)
        self.register_handler(Callback("data", MatchXPath("{jabber:client}message/" + Q + "quoalise/" + Q + "data"), self.pushed))

    async def start(self, _):
        self.send_presence(ppriority=1 if self.pushes else -1)
        iq = self.make_iq_set(ito=self.provider)
        iq.append(self.command)
        try:
            answer = await iq.send(timeout=60)
            command = answer.xml.find(CMD + "command")
            assert command.get("status") == "completed"
            quoalise = command.find(Q + "quoalise")
            if quoalise is None:
                print("Success", flush=True)
            else:
                show("record", quoalise)
        except IqError as error:
            upstream = error.iq.xml.find(".//" + Q + "upstream-error")
            said = [] if upstream is None else [upstream.attrib["issuer"], upstream.attrib["code"]]
            print("error", error.condition, *said, error.text)
        if self.pushes == 0:
            self.disconnect()

    def pushed(self, message):
        show("pushed", message.xml.find(Q + "quoalise"))
        self.pushes -= 1
        if self.pushes == 0:
            self.disconnect()


if __name__ == "__main__":
    jid, password, host, port, ca, provider, pushes, node, *fields = sys.argv[1:]
    client = Client(jid, password, ca, provider, pushes, node, fields)
    client.connect((host, int(port)))
    asyncio.get_event_loop().run_until_complete(asyncio.wait_for(client.disconnected, 120))
