// Command helm3-engine renders charts as `helm template` of Helm 3 does, many in one process.
package main

import (
	"bufio"
	"bytes"
	"io"
	"strings"

	"chartwright.example/helm-engine/protocol"
	"helm.sh/helm/v3/pkg/action"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/cli/values"
	"helm.sh/helm/v3/pkg/getter"
	kubefake "helm.sh/helm/v3/pkg/kube/fake"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func main() { protocol.Serve(render, yaml.YAMLToJSONStrict) }

func render(request protocol.Request) (protocol.Rendered, error) {
	options := values.Options{
		ValueFiles: request.ValueFiles(), Values: request.Set,
		StringValues: request.SetString, JSONValues: request.SetJSON,
	}
	given, err := options.MergeValues(getter.Providers{{
		Schemes: []string{protocol.Scheme},
		New:     func(...getter.Option) (getter.Getter, error) { return files(request), nil },
	}})
	if err != nil {
		return protocol.Rendered{}, err
	}
	chart, err := loader.Load(request.Chart)
	if err != nil {
		return protocol.Rendered{}, err
	}
	if dependencies := chart.Metadata.Dependencies; dependencies != nil {
		if err := action.CheckDependencies(chart, dependencies); err != nil {
			return protocol.Rendered{}, err
		}
	}
	version, err := chartutil.ParseKubeVersion(request.KubeVersion)
	if err != nil {
		return protocol.Rendered{}, err
	}
	install := action.NewInstall(&action.Configuration{
		KubeClient: &kubefake.PrintingKubeClient{Out: io.Discard},
		Log:        func(string, ...interface{}) {},
	})
	install.DryRun, install.ClientOnly, install.Replace = true, true, true
	install.ReleaseName, install.Namespace = request.Release.Name, request.Release.Namespace
	install.KubeVersion = version
	release, err := install.Run(chart, given)
	if err != nil {
		return protocol.Rendered{}, err
	}
	rendered := protocol.Rendered{Notes: release.Info.Notes}
	// As the client splits it that applies it; SplitManifests would take the line breaks at the end of each.
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(release.Manifest)))
	for {
		document, err := documents.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			return protocol.Rendered{}, err
		}
		rendered.Manifests = append(rendered.Manifests, string(document))
	}
	for _, hook := range release.Hooks {
		rendered.Manifests = append(rendered.Manifests, hook.Manifest)
	}
	return rendered, nil
}

type files protocol.Request

func (request files) Get(address string, _ ...getter.Option) (*bytes.Buffer, error) {
	return protocol.Request(request).File(address)
}
