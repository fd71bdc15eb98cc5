package lognact

import (
	"context"
	"errors"
	"fmt"
)

// Provision imports a template and makes hosts of it, as far as they are not there: a person asks for it, with a token that
// may do so. What is there stays as it is, and gets the template. It returns the hosts that were made.
func Provision(ctx context.Context, api *API, template []byte, hosts []string) (made []string, err error) {
	if err := importTemplate(ctx, api, template); err != nil {
		return nil, err
	}
	id, err := first(ctx, api, "template.get", "templateid", map[string]any{"filter": map[string]string{"host": templateHost}, "output": []string{"templateid"}})
	if err != nil || id == "" {
		return nil, errors.Join(err, fmt.Errorf("the template %q is not there after its import", templateHost))
	}
	group, err := ensureGroup(ctx, api)
	if err != nil {
		return nil, err
	}
	for _, host := range hosts {
		isNew, err := ensureHost(ctx, api, host, group, id)
		if err != nil {
			return made, fmt.Errorf("make host %s: %w", host, err)
		}
		if isNew {
			made = append(made, host)
		}
	}
	return made, nil
}

func importTemplate(ctx context.Context, api *API, template []byte) error {
	v, err := api.learnVersion(ctx)
	if err != nil {
		return err
	}
	both := map[string]bool{"createMissing": true, "updateExisting": true}
	rules := map[string]any{
		"templates": both, "items": both, "triggers": both, "graphs": both, "valueMaps": both, "templateDashboards": both,
	}
	if v.major > 6 || v.minor >= 2 { // templates have groups of their own since
		rules["template_groups"] = both
	} else {
		rules["groups"] = both
	}
	return api.call(ctx, "configuration.import", map[string]any{"format": "yaml", "source": string(template), "rules": rules}, nil)
}

// first asks and returns one field of the first thing that is found, "" when there is none.
func first(ctx context.Context, api *API, method, field string, params any) (string, error) {
	var found []map[string]any
	if err := api.call(ctx, method, params, &found); err != nil || len(found) == 0 {
		return "", err
	}
	return fmt.Sprint(found[0][field]), nil
}

func ensureGroup(ctx context.Context, api *API) (string, error) {
	id, err := first(ctx, api, "hostgroup.get", "groupid", map[string]any{"filter": map[string]string{"name": hostGroup}, "output": []string{"groupid"}})
	if err != nil || id != "" {
		return id, err
	}
	var made struct {
		IDs []string `json:"groupids"`
	}
	if err := api.call(ctx, "hostgroup.create", map[string]string{"name": hostGroup}, &made); err != nil {
		return "", err
	}
	return made.IDs[0], nil
}

func ensureHost(ctx context.Context, api *API, host, group, template string) (isNew bool, err error) {
	id, err := first(ctx, api, "host.get", "hostid", map[string]any{"filter": map[string]string{"host": host}, "output": []string{"hostid"}})
	if err != nil {
		return false, err
	}
	if id != "" {
		return false, api.call(ctx, "host.massadd", map[string]any{
			"hosts": []any{map[string]string{"hostid": id}}, "templates": []any{map[string]string{"templateid": template}},
		}, nil)
	}
	return true, api.call(ctx, "host.create", map[string]any{
		"host": host, "groups": []any{map[string]string{"groupid": group}}, "templates": []any{map[string]string{"templateid": template}},
	}, nil)
}
