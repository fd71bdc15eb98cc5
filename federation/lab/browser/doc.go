// Package browser shows a page to a real browser, Debian's Chromium, and tells what a person would meet there.
//
// In: the address of a page on this machine. Out: what the page says, looks like and does at any size, in light and
// dark, in French and English, with and without JavaScript; and whatever it does that no page of ours may do.
// It knows nothing of meters or agents.
//
//	chromium := browser.New(t)                             // one for all tests of a package: it is dear
//	page := chromium.Open(t, browser.View{Language: "fr"}) // cheap, and knows nothing of other pages
//	page.Go("http://" + address + "/")
//	page.Wait("a number", `document.querySelector(".amount")`)
//	page.Audit()
//
// A page fails its test when it asks anything of another origin than its own, breaks its own content security policy,
// writes an error on its console, or is answered an error it does not expect.
//
// The browser finds nothing but 127.0.0.1, has a profile of its own that goes with it, and dies with the test. Without the
// packages chromium and npm the test is skipped; where the environment variable CI is set, it fails instead.
package browser
