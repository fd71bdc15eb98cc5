"""A client that reads Quoalise as the federation's reference client does, on slixmpp: strictly what it understands.

usage: reference.py JID PASSWORD HOST PORT CA-FILE PROVIDER IDENTIFIER START END
Prints a record a line (name, value, unit, time), then how the meta begins, or the error condition and its text.
"""
import asyncio
import sys
import xml.etree.ElementTree as ET

import slixmpp
from slixmpp.exceptions import IqError

CMD = "{http://jabber.org/protocol/commands}"
Q = "{urn:quoalise:0}"
S = "{urn:ietf:params:xml:ns:senml}"


def records(sensml):
    name, base, unit = "", 0.0, ""
    for r in sensml.findall(S + "senml"):
        name = r.get("bn", name)
        base = float(r.get("bt", base))
        unit = r.get("bu", unit)
        value = r.get("v")
        yield (name + r.get("n", ""), None if value is None else float(value),
               unit + r.get("u", ""), base + float(r.get("t", 0)))


def request(identifier, start, end):
    command = ET.Element(CMD + "command", node="get_history", action="execute")
    x = ET.SubElement(command, "{jabber:x:data}x", type="submit")
    for var, value in (("identifier", identifier), ("start_time", start), ("end_time", end)):
        field = ET.SubElement(x, "{jabber:x:data}field", var=var, type="text-single")
        ET.SubElement(field, "{jabber:x:data}value").text = value
    return command


class Client(slixmpp.ClientXMPP):
    def __init__(self, jid, password, ca, provider, query):
        super().__init__(jid, password)
        self.ca_certs, self.provider, self.query = ca, provider, query
        self.add_event_handler("session_start", self.start)

    async def start(self, _):
        self.send_presence(ppriority=-1)
        iq = self.make_iq_set(ito=self.provider)
        iq.append(request(*self.query))
        try:
            answer = await iq.send(timeout=20)
            command = answer.xml.find(CMD + "command")
            assert command.get("status") == "completed"
            data = command.find(Q + "quoalise").find(Q + "data")
            for record in records(data.find(S + "sensml")):
                print(*record)
            print("meta", data.find(Q + "meta").find(Q + "measurement").get("name"))
        except IqError as error:
            print("error", error.condition, error.text)
        self.disconnect()


if __name__ == "__main__":
    jid, password, host, port, ca, provider, *query = sys.argv[1:]
    client = Client(jid, password, ca, provider, query)
    client.connect((host, int(port)))
    asyncio.get_event_loop().run_until_complete(asyncio.wait_for(client.disconnected, 30))
