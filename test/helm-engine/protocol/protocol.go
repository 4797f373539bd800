// Package protocol is what both engines speak: requests and answers, one JSON object in each line.
package protocol

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"log"
	"log/slog"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Release is the name and the namespace that a chart is rendered for.
type Release struct {
	Name      string `json:"name"`
	Namespace string `json:"namespace"`
}

// Request is one `helm template`.
type Request struct {
	ID          int      `json:"id"`
	Chart       string   `json:"chart"`  // folder or archive
	Values      []string `json:"values"` // texts of the files of `-f`, the last one wins
	Set         []string `json:"set"`
	SetString   []string `json:"setString"`
	SetJSON     []string `json:"setJson"`
	Release     Release  `json:"release"`
	KubeVersion string   `json:"kubeVersion"`
}

// Rendered is what Helm made of a request.
type Rendered struct {
	Manifests []string // one YAML text for each object, hooks last
	Notes     string
}

type answer struct {
	ID        int               `json:"id"`
	Documents []json.RawMessage `json:"documents"`
	Notes     string            `json:"notes,omitempty"`
	Warnings  string            `json:"warnings,omitempty"` // what Helm logged
	Error     string            `json:"error,omitempty"`
}

// ValueFiles are addresses of a request's value files, for Helm's own merge of files and `--set`.
func (request Request) ValueFiles() []string {
	files := make([]string, len(request.Values))
	for index := range request.Values {
		files[index] = fmt.Sprintf("%s://%d", Scheme, index)
	}
	return files
}

// Scheme is the one of the addresses that ValueFiles gives.
const Scheme = "request"

// File is the value file with an address that ValueFiles gave.
func (request Request) File(address string) (*bytes.Buffer, error) {
	parsed, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	index, err := strconv.Atoi(parsed.Host)
	if err != nil {
		return nil, err
	}
	return bytes.NewBufferString(request.Values[index]), nil
}

// Serve answers the requests on stdin, in their order, until it ends. toJSON is Helm's own reading of YAML; it refuses
// a key that stands twice.
func Serve(render func(Request) (Rendered, error), toJSON func([]byte) ([]byte, error)) {
	var warnings bytes.Buffer
	log.SetFlags(0)
	log.SetOutput(&warnings)
	slog.SetDefault(slog.New(slog.NewTextHandler(&warnings, &slog.HandlerOptions{Level: slog.LevelWarn})))
	input := bufio.NewScanner(os.Stdin)
	input.Buffer(nil, 1<<28)
	output := bufio.NewWriter(os.Stdout)
	for input.Scan() {
		warnings.Reset()
		var request Request
		reply := answer{}
		if err := json.Unmarshal(input.Bytes(), &request); err != nil {
			reply.Error = fmt.Sprintf("no request: %v", err)
		} else {
			reply = answerOf(request, render, toJSON)
		}
		reply.Warnings = warnings.String()
		line, err := json.Marshal(reply)
		if err != nil {
			line, _ = json.Marshal(answer{ID: request.ID, Error: err.Error()})
		}
		output.Write(line)
		output.WriteByte('\n')
		if err := output.Flush(); err != nil {
			return
		}
	}
}

func answerOf(request Request, render func(Request) (Rendered, error), toJSON func([]byte) ([]byte, error)) answer {
	reply := answer{ID: request.ID, Documents: []json.RawMessage{}}
	rendered, err := render(request)
	if err != nil {
		reply.Error = err.Error()
		return reply
	}
	reply.Notes = rendered.Notes
	for _, manifest := range rendered.Manifests {
		document, err := toJSON([]byte(manifest))
		if err != nil {
			reply.Error = fmt.Sprintf("%v\n%s", err, manifest)
			return reply
		}
		if strings.TrimSpace(string(document)) != "null" {
			reply.Documents = append(reply.Documents, document)
		}
	}
	return reply
}
