//! `cargo xtask sbom`: what the program is made of, as CycloneDX 1.5 in JSON. The same tree gives the same file.

use crate::process::{cargo, workspace_root};
use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// The package whose parts are listed.
const PROGRAM: &str = "windvane-app";

/// Where it goes.
#[derive(clap::Args)]
pub(crate) struct Options {
    /// File to write; standard output when left out.
    #[arg(long)]
    out: Option<PathBuf>,
}

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    license: Option<String>,
    repository: Option<String>,
    source: Option<String>,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    /// `None` for what is linked in; `build` and `dev` are not part of the program.
    kind: Option<String>,
}

/// Writes the list.
///
/// # Errors
/// When cargo does not tell, or the file cannot be written.
pub(crate) fn write(options: &Options) -> anyhow::Result<()> {
    let text = format!("{:#}\n", bill()?);
    match &options.out {
        Some(path) => fs::write(path, text).with_context(|| format!("writing {}", path.display())),
        None => {
            print!("{text}");
            Ok(())
        }
    }
}

fn bill() -> anyhow::Result<Value> {
    let arguments =
        ["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"];
    let output = cargo(arguments).output().context("starting cargo metadata")?;
    if !output.status.success() {
        bail!("cargo metadata ended with {}", output.status);
    }
    let metadata: Metadata = serde_json::from_slice(&output.stdout).context("reading cargo metadata")?;
    let lock = fs::read_to_string(workspace_root().join("Cargo.lock")).context("reading Cargo.lock")?;
    let packages: BTreeMap<_, _> =
        metadata.packages.iter().map(|package| (package.id.as_str(), package)).collect();
    let root = metadata.packages.iter().find(|package| package.name == PROGRAM);
    let root = root.with_context(|| format!("there is no package {PROGRAM}"))?;
    let graph = linked(&metadata.resolve, &root.id);
    let checksums = checksums(&lock);
    let parts = graph.keys().filter(|id| **id != root.id).filter_map(|id| packages.get(id));
    let row = |(id, needs): (&&str, &BTreeSet<&str>)| {
        let names = needs.iter().filter_map(|id| Some(address(packages.get(id)?)));
        Some(json!({ "ref": address(packages.get(id)?), "dependsOn": names.collect::<Vec<_>>() }))
    };
    Ok(json!({
        "$schema": "http://cyclonedx.org/schema/bom-1.5.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": { "component": component("application", root, &checksums) },
        "components": parts.map(|package| component("library", package, &checksums)).collect::<Vec<_>>(),
        "dependencies": graph.iter().filter_map(row).collect::<Vec<_>>(),
    }))
}

/// Everything that is linked into the program, with what each needs.
fn linked<'m>(resolve: &'m Resolve, root: &'m str) -> BTreeMap<&'m str, BTreeSet<&'m str>> {
    let nodes: BTreeMap<_, _> = resolve.nodes.iter().map(|node| (node.id.as_str(), node)).collect();
    let (mut graph, mut open) = (BTreeMap::new(), vec![root]);
    while let Some(id) = open.pop() {
        let deps = nodes.get(id).map_or(&[][..], |node| &node.deps);
        let linked = deps.iter().filter(|dep| dep.dep_kinds.iter().any(|kind| kind.kind.is_none()));
        let needs: BTreeSet<_> = linked.map(|dep| dep.pkg.as_str()).collect();
        if graph.insert(id, needs.clone()).is_none() {
            open.extend(needs);
        }
    }
    graph
}

/// SHA-256 by name and version, as the lock file has them.
fn checksums(lock: &str) -> BTreeMap<(&str, &str), &str> {
    let value = |part: &'_ str, key: &str| -> Option<(usize, usize)> {
        let start = part.find(&format!("\n{key} = \""))? + key.len() + 5;
        Some((start, start + part[start..].find('"')?))
    };
    let packages = lock.split("[[package]]").skip(1).filter_map(|part| {
        let text = |key: &str| value(part, key).map(|(start, end)| &part[start..end]);
        Some(((text("name")?, text("version")?), text("checksum")?))
    });
    packages.collect()
}

/// The package URL.
fn address(package: &Package) -> String {
    format!("pkg:cargo/{}@{}", package.name, package.version)
}

fn component(kind: &str, package: &Package, checksums: &BTreeMap<(&str, &str), &str>) -> Value {
    let mut component = json!({
        "type": kind,
        "bom-ref": address(package),
        "name": package.name,
        "version": package.version,
        "purl": address(package),
    });
    if let Some(license) = &package.license {
        // Old manifests separate by a slash what an expression joins by OR.
        component["licenses"] = json!([{ "expression": license.replace('/', " OR ") }]);
    }
    if let Some(checksum) = checksums.get(&(package.name.as_str(), package.version.as_str())) {
        component["hashes"] = json!([{ "alg": "SHA-256", "content": checksum }]);
    }
    if let (Some(repository), Some(_)) = (&package.repository, &package.source) {
        component["externalReferences"] = json!([{ "type": "vcs", "url": repository }]);
    }
    component
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_holds_what_is_linked_and_nothing_else() {
        let bill = bill().unwrap();
        let components = bill["components"].as_array().unwrap();
        let names: BTreeSet<_> = components.iter().filter_map(|part| part["name"].as_str()).collect();
        for linked in ["tokio", "rustls", "rust_decimal", "windvane-risk"] {
            assert!(names.contains(linked), "{linked} is missing");
        }
        for tool in ["criterion", "proptest", "tempfile", "xtask"] {
            assert!(!names.contains(tool), "{tool} is no part of the program");
        }
        for part in components {
            let is_ours = part["name"].as_str().is_some_and(|name| name.starts_with("windvane"));
            assert!(
                is_ours || part["hashes"][0]["content"].as_str().is_some_and(|sum| sum.len() == 64),
                "{part}"
            );
            assert!(part["licenses"][0]["expression"].is_string(), "{part}");
        }
        let known: BTreeSet<_> = components.iter().map(|part| part["bom-ref"].to_string()).collect();
        let needed = bill["dependencies"].as_array().unwrap().iter();
        for reference in needed.flat_map(|row| row["dependsOn"].as_array().unwrap()) {
            assert!(known.contains(&reference.to_string()), "{reference} is named and not listed");
        }
    }
}
