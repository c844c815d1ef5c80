//! What lies under `deploy/` and `docs/`, read as Grafana and a person would: dashboards, alerts and their runbook.

use serde_json::Value;
use std::collections::BTreeSet;
use std::process::Command;
use windvane_tests::{Dashboard, dashboards, root};

/// Units that the panels use, by Grafana's ids.
const UNITS: [&str; 7] = ["Bps", "bytes", "none", "ops", "percentunit", "s", "short"];

fn strings(value: &Value) -> String {
    value.to_string()
}

fn lint(dashboard: &Dashboard) {
    let Dashboard { name, json } = dashboard;
    for key in
        ["uid", "title", "description", "tags", "time", "refresh", "templating", "annotations", "panels"]
    {
        assert!(!json[key].is_null(), "{name}: no `{key}`");
    }
    assert!(json["schemaVersion"].as_u64().unwrap() >= 36, "{name}");
    assert_eq!(json["timezone"], "utc", "{name}");
    let panels = json["panels"].as_array().unwrap();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in panels {
        let title = panel["title"].as_str().unwrap();
        assert!(
            !title.is_empty() && ids.insert(panel["id"].as_u64().unwrap()),
            "{name}, {title}: the id is not unique"
        );
        let at = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(at("x") + at("w") <= 24, "{name}, {title}: wider than the grid");
        for cell in
            (at("y")..at("y") + at("h")).flat_map(|y| (at("x")..at("x") + at("w")).map(move |x| (x, y)))
        {
            assert!(taken.insert(cell), "{name}, {title}: lies over another panel");
        }
        if panel["type"] == "row" {
            continue;
        }
        assert!(
            panel["description"].as_str().is_some_and(|text| text.ends_with('.')),
            "{name}, {title}: no description"
        );
        let unit = panel["fieldConfig"]["defaults"]["unit"].as_str().unwrap_or_default();
        assert!(UNITS.contains(&unit), "{name}, {title}: unit `{unit}`");
        assert_eq!(panel["datasource"]["uid"], "${datasource}", "{name}, {title}");
        let targets = panel["targets"].as_array().unwrap();
        let refs: BTreeSet<_> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
        assert!(!targets.is_empty() && refs.len() == targets.len(), "{name}, {title}");
        for target in targets {
            assert!(
                target["expr"].as_str().unwrap().contains("$instance"),
                "{name}, {title}: not one engine's"
            );
        }
    }
    // A variable that no query uses promises a choice that there is not; one that is not declared finds nothing.
    let declared: BTreeSet<_> = json["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    let queries = strings(&json["panels"]);
    for variable in &declared {
        let used =
            [format!("${variable}"), format!("${{{variable}}}")].iter().any(|word| queries.contains(word));
        assert!(used, "{name}: the variable `{variable}` is dead");
    }
    let words = queries.split('$').skip(1);
    for word in
        words.map(|rest| rest.trim_start_matches('{').split(|c: char| !c.is_alphanumeric()).next().unwrap())
    {
        assert!(declared.contains(word), "{name}: the variable `{word}` is not declared");
    }
}

#[test]
fn five_dashboards_are_well_formed_and_have_no_dead_variables() {
    let all = dashboards();
    let names: BTreeSet<_> = all.iter().map(|dashboard| dashboard.name.as_str()).collect();
    assert_eq!(names, BTreeSet::from(["bot", "fleet", "incident", "link", "risk"]));
    let ids: BTreeSet<_> = all.iter().map(|dashboard| strings(&dashboard.json["uid"])).collect();
    assert_eq!(ids.len(), all.len());
    all.iter().for_each(lint);
}

/// Alerts by the file of their rules: names, and whether each names its action and its page.
fn alerts() -> Vec<(String, String)> {
    let folder = root().join("deploy/prometheus");
    let mut found = Vec::new();
    for entry in folder.read_dir().unwrap().flatten() {
        let file = entry.file_name().into_string().unwrap();
        if !file.ends_with(".rules.yml") || file == "recording.rules.yml" {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).unwrap();
        for rule in text.split("- alert: ").skip(1) {
            let name = rule.lines().next().unwrap().to_owned();
            found.push((name, rule.to_owned()));
        }
    }
    found
}

#[test]
fn every_alert_says_what_to_do_and_has_its_page_and_its_tests() {
    let folder = root().join("deploy/prometheus");
    let tests: String = folder
        .read_dir()
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().ends_with(".rules-test.yml"))
        .map(|entry| std::fs::read_to_string(entry.path()).unwrap())
        .collect();
    let alerts = alerts();
    assert!(alerts.len() >= 20, "the rules were read");
    let index = std::fs::read_to_string(root().join("docs/runbook/README.md")).unwrap();
    let mut pages = BTreeSet::from(["README.md".to_owned()]);
    for (name, rule) in &alerts {
        for key in ["severity:", "summary:", "action:"] {
            assert!(rule.contains(key), "{name}: no `{key}`");
        }
        let page = format!("docs/runbook/{name}.md");
        assert!(rule.contains(&page), "{name}: does not name its page");
        let text =
            std::fs::read_to_string(root().join(&page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        for part in ["## What it means", "## Where to look", "## What to do", "## When it is over"] {
            assert!(text.contains(part), "{page}: no `{part}`");
        }
        assert!(index.contains(&format!("({name}.md)")), "{name} is not in the runbook's table");
        for test in ["fires", "stays quiet"] {
            assert!(tests.contains(&format!("- name: {name} {test}\n")), "{name}: no test that it {test}");
        }
        pages.insert(format!("{name}.md"));
    }
    let found = root().join("docs/runbook").read_dir().unwrap().flatten();
    let orphans: Vec<_> = found
        .map(|entry| entry.file_name().into_string().unwrap())
        .filter(|file| !pages.contains(file))
        .collect();
    assert!(orphans.is_empty(), "pages of alerts that are gone: {orphans:?}");
}

#[test]
fn the_service_units_are_valid_and_give_little_to_harm_with() {
    let analyze = std::path::Path::new("/usr/bin/systemd-analyze");
    if !analyze.exists() {
        // A machine without systemd would not run the units either.
        eprintln!("skipped: systemd-analyze is not installed (apt-get install systemd)");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (mut services, mut paths) = (Vec::new(), Vec::new());
    for entry in root().join("deploy/systemd").read_dir().unwrap().flatten() {
        let shipped = std::fs::read_to_string(entry.path()).unwrap();
        let path = folder.path().join(entry.file_name());
        // `verify` wants to see the program.
        std::fs::write(&path, shipped.replace("/usr/local/bin/windvane", "/bin/true")).unwrap();
        if path.extension().is_some_and(|end| end == "service") {
            services.push(path.clone());
        }
        paths.push(path);
    }
    assert!(services.len() >= 2, "the units were read: {services:?}");
    let verified = Command::new(analyze).arg("verify").args(&paths).output().unwrap();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stderr));
    for service in services {
        // In tenths; 100 is a service without any protection.
        let arguments = ["security", "--offline=true", "--threshold=20"];
        let rated = Command::new(analyze).args(arguments).arg(&service).output().unwrap();
        assert!(rated.status.success(), "{}", String::from_utf8_lossy(&rated.stdout));
    }
    let engine = ["Type=notify", "WatchdogSec=", "LoadCredential=", "RestartPreventExitStatus=2 3 4"];
    let guard =
        ["LoadCredential=windvane-guard-key", "User=windvane", "StateDirectory=windvane", "Restart=always"];
    for (name, lines) in [("windvane.service", engine), ("windvane-guard.service", guard)] {
        let shipped = std::fs::read_to_string(root().join("deploy/systemd").join(name)).unwrap();
        for line in lines {
            assert!(shipped.contains(line), "{name}: {line}");
        }
    }
}

#[test]
fn the_cluster_has_one_engine_that_may_do_little_and_ends_in_order() {
    let manifest = std::fs::read_to_string(root().join("deploy/kubernetes/windvane.yml")).unwrap();
    for line in [
        "  replicas: 1\n",
        "accessModes: [ReadWriteOncePod]",
        "terminationGracePeriodSeconds: 60",
        "runAsNonRoot: true",
        "readOnlyRootFilesystem: true",
        "allowPrivilegeEscalation: false",
        "automountServiceAccountToken: false",
    ] {
        assert!(manifest.contains(line), "{line}");
    }
    let image = std::fs::read_to_string(root().join("deploy/docker/Dockerfile")).unwrap();
    let user = image.lines().find_map(|line| line.strip_prefix("USER ")).unwrap();
    assert!(manifest.contains(&format!("runAsUser: {user}\n")), "the cluster runs it as the image's user");
}

#[test]
fn links_between_the_documents_lead_somewhere() {
    for folder in ["docs", "docs/runbook", "deploy"] {
        for entry in root().join(folder).read_dir().unwrap().flatten() {
            let path = entry.path();
            if path.extension().is_none_or(|end| end != "md") {
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for link in text.split("](").skip(1).filter_map(|rest| rest.split([')', '#']).next()) {
                let target = path.parent().unwrap().join(link);
                assert!(link.contains("://") || target.exists(), "{}: {link}", path.display());
            }
        }
    }
}
