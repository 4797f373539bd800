// Command helm4-engine renders charts as `helm template` of Helm 4 does, many in one process.
package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"

	"chartwright.example/helm-engine/protocol"
	"helm.sh/helm/v4/pkg/action"
	"helm.sh/helm/v4/pkg/chart"
	"helm.sh/helm/v4/pkg/chart/common"
	"helm.sh/helm/v4/pkg/chart/loader"
	"helm.sh/helm/v4/pkg/cli/values"
	"helm.sh/helm/v4/pkg/getter"
	kubefake "helm.sh/helm/v4/pkg/kube/fake"
	release "helm.sh/helm/v4/pkg/release/v1"
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
	loaded, err := loader.Load(request.Chart)
	if err != nil {
		return protocol.Rendered{}, err
	}
	accessor, err := chart.NewAccessor(loaded)
	if err != nil {
		return protocol.Rendered{}, err
	}
	if dependencies := accessor.MetaDependencies(); len(dependencies) > 0 {
		if err := action.CheckDependencies(loaded, dependencies); err != nil {
			return protocol.Rendered{}, err
		}
	}
	version, err := common.ParseKubeVersion(request.KubeVersion)
	if err != nil {
		return protocol.Rendered{}, err
	}
	configuration := action.NewConfiguration()
	configuration.KubeClient = &kubefake.PrintingKubeClient{Out: io.Discard}
	install := action.NewInstall(configuration)
	install.DryRunStrategy, install.Replace = action.DryRunClient, true
	install.ReleaseName, install.Namespace = request.Release.Name, request.Release.Namespace
	install.KubeVersion = version
	made, err := install.Run(loaded, given)
	if err != nil {
		return protocol.Rendered{}, err
	}
	installed, ok := made.(*release.Release)
	if !ok {
		return protocol.Rendered{}, fmt.Errorf("a release of another kind: %T", made)
	}
	rendered := protocol.Rendered{Notes: installed.Info.Notes}
	// As the client splits it that applies it; SplitManifests would take the line breaks at the end of each.
	documents := utilyaml.NewYAMLReader(bufio.NewReader(strings.NewReader(installed.Manifest)))
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
	for _, hook := range installed.Hooks {
		rendered.Manifests = append(rendered.Manifests, hook.Manifest)
	}
	return rendered, nil
}

type files protocol.Request

func (request files) Get(address string, _ ...getter.Option) (*bytes.Buffer, error) {
	return protocol.Request(request).File(address)
}
