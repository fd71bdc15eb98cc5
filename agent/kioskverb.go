package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"releve/agent/kiosk"
	"releve/agent/kiosk/framebuffer"
)

type kioskVerb struct {
	Framebuffer string        `help:"Device of the screen." default:"/dev/fb0" placeholder:"FILE"`
	Wait        bool          `help:"Wait for a screen that is plugged in later."`
	Sysfs       string        `help:"Folder that describes the device; /sys/class/graphics/fb0 for /dev/fb0." placeholder:"FOLDER"`
	Page        string        `help:"Address of the page, of this device or another." default:"http://127.0.0.1:8080" placeholder:"URL"`
	TokenFile   string        `help:"File with the token of a screen's pass, for a page that is not open." placeholder:"FILE"`
	View        string        `help:"Keep to one view, such as now; all in turn without it." placeholder:"NAME"`
	Language    string        `help:"fr or en." enum:"fr,en" default:"fr"`
	Every       time.Duration `help:"How often the page is asked." default:"2s"`
}

// Run draws until it is stopped; then the screen shows what it showed before.
func (v kioskVerb) Run(ctx context.Context, t terminal) (err error) {
	c, err := v.client()
	if err != nil {
		return err
	}
	sysfs := v.Sysfs
	if sysfs == "" {
		sysfs = filepath.Join("/sys/class/graphics", filepath.Base(v.Framebuffer))
	}
	screen, err := v.open(ctx, sysfs, t)
	if screen == nil {
		return err
	}
	defer func() { err = errors.Join(err, screen.Close()) }()
	return c.show(ctx, screen, v.Every)
}

// open takes the screen, as soon as there is one if it may wait; none and no error is that it was stopped meanwhile.
func (v kioskVerb) open(ctx context.Context, sysfs string, t terminal) (*framebuffer.Screen, error) {
	screen, err := framebuffer.Open(v.Framebuffer, sysfs)
	if !v.Wait || !errors.Is(err, fs.ErrNotExist) {
		return screen, err
	}
	fmt.Fprintf(t.out, "there is no screen at %s yet: waiting for one\n", v.Framebuffer)
	tick := time.NewTicker(v.Every)
	defer tick.Stop()
	for errors.Is(err, fs.ErrNotExist) {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-tick.C:
		}
		screen, err = framebuffer.Open(v.Framebuffer, sysfs)
	}
	return screen, err
}

// wallClient asks a page for pictures.
type wallClient struct {
	page     *url.URL
	token    string
	language string
	known    string // digest of what the screen shows
	heard    time.Time
}

func (v kioskVerb) client() (*wallClient, error) {
	page, err := url.Parse(v.Page)
	if err != nil || page.Host == "" || page.Scheme != "http" && page.Scheme != "https" {
		return nil, misuse{fmt.Errorf("--page: %q is not an address such as http://127.0.0.1:8080", v.Page)}
	}
	if v.Every < time.Second {
		return nil, misuse{fmt.Errorf("--every: %s is shorter than a second", v.Every)}
	}
	c := &wallClient{page: page.JoinPath("kiosk.png"), language: v.Language}
	query := url.Values{"lang": {v.Language}}
	if v.View != "" {
		query.Set("view", v.View)
	}
	c.page.RawQuery = query.Encode()
	if v.TokenFile == "" {
		return c, nil
	}
	token, err := os.ReadFile(v.TokenFile)
	if err != nil {
		return nil, fmt.Errorf("read the token of the screen: %w", err)
	}
	c.token = strings.TrimSpace(string(token))
	return c, nil
}

// A picture that is older than this is taken for no picture: what it says may not be so any more.
const wallPatience = 30 * time.Second

// show draws what the page has, and a sentence when it has been silent for a while.
func (c *wallClient) show(ctx context.Context, screen *framebuffer.Screen, every time.Duration) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	c.heard = time.Now()
	for {
		picture, err := c.ask(ctx, screen.Size())
		switch {
		case err == nil:
			c.heard = time.Now()
		case ctx.Err() != nil:
			return nil
		case time.Since(c.heard) > wallPatience:
			if picture, err = c.silence(screen.Size(), err); err != nil {
				return err
			}
		}
		if picture != nil {
			if _, err := screen.Show(picture); err != nil {
				return err
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// mostPicture bounds what is read of a page that may be another's.
const mostPicture = 32 << 20

// ask returns the picture of the page; nil when it is what the screen shows already.
func (c *wallClient) ask(ctx context.Context, size image.Point) (*image.RGBA, error) {
	ctx, cancel := context.WithTimeout(ctx, wallPatience)
	defer cancel()
	at := *c.page
	query := at.Query()
	query.Set("w", strconv.Itoa(size.X))
	query.Set("h", strconv.Itoa(size.Y))
	at.RawQuery = query.Encode()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, err
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.known != "" {
		request.Header.Set("If-None-Match", c.known)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotModified:
		return nil, nil
	default:
		return nil, errors.New(answer.Status)
	}
	picture, err := readPicture(io.LimitReader(answer.Body, mostPicture))
	if err != nil {
		return nil, err
	}
	c.known = answer.Header.Get("ETag")
	return picture, nil
}

func readPicture(r io.Reader) (*image.RGBA, error) {
	picture, err := png.Decode(r)
	if err != nil {
		return nil, fmt.Errorf("read the picture: %w", err)
	}
	plain := image.NewRGBA(image.Rect(0, 0, picture.Bounds().Dx(), picture.Bounds().Dy()))
	draw.Draw(plain, plain.Rect, picture, picture.Bounds().Min, draw.Src)
	return plain, nil
}

// silence is what is shown in place of a value that may be hours old.
func (c *wallClient) silence(size image.Point, why error) (*image.RGBA, error) {
	c.known = ""
	typeface, err := kiosk.NewTypeface()
	if err != nil {
		return nil, err
	}
	title, word := "Relève", "Pas de nouvelles de l’appareil"
	if c.language == "en" {
		word = "No word from the device"
	}
	show := kiosk.Show{Typeface: typeface, Title: title}
	slides := []kiosk.Slide{{Hero: &kiosk.Hero{Tone: kiosk.Alert, Arrow: kiosk.Waiting, Word: word, Caption: why.Error()}}}
	return show.Sheet(slides, 0, time.Now(), size.X, size.Y).Paint(typeface)
}
