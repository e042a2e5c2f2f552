//! The Kubernetes manifests.

use std::fs;

use serde_json::Value;
use tokio::process::Command;

use super::{check_arguments, check_setting, texts, yaml};

/// A container with its pod and the secret of the example.
fn check_pod(pod: &Value, secret: &Value, place: &str) {
    assert_eq!(pod["automountServiceAccountToken"], false, "{place}");
    assert_eq!(pod["securityContext"]["runAsNonRoot"], true, "{place}");
    let [container] = pod["containers"].as_array().expect("containers").as_slice() else {
        panic!("{place}: one container")
    };
    let rights = &container["securityContext"];
    assert_eq!(rights["allowPrivilegeEscalation"], false, "{place}");
    assert_eq!(rights["readOnlyRootFilesystem"], true, "{place}");
    assert_eq!(texts(&rights["capabilities"]["drop"]), ["ALL"], "{place}");
    let image = container["image"].as_str().unwrap();
    assert!(
        image.ends_with(concat!("/newbee:", env!("CARGO_PKG_VERSION"))),
        "{place}: {image}"
    );
    check_arguments(&texts(&container["args"]), place);

    let volume = &pod["volumes"][0];
    assert_eq!(volume["secret"]["secretName"], secret["metadata"]["name"], "{place}");
    assert_eq!(container["volumeMounts"][0]["name"], volume["name"], "{place}");
    let folder = container["volumeMounts"][0]["mountPath"].as_str().unwrap();
    let items = volume["secret"]["items"].as_array().unwrap();
    for item in items {
        assert!(
            secret["stringData"][item["key"].as_str().unwrap()].is_string(),
            "{place}: {item}"
        );
    }
    for variable in container["env"].as_array().unwrap() {
        let (name, value) = (variable["name"].as_str().unwrap(), variable["value"].as_str().unwrap());
        check_setting(name, place);
        if name.ends_with("_FILE") {
            let file = value.strip_prefix(folder).and_then(|rest| rest.strip_prefix('/'));
            assert!(
                items.iter().any(|item| item["path"].as_str() == file),
                "{place}: {value}"
            );
        }
    }
    let ports: Vec<&Value> = container["ports"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|port| &port["name"])
        .collect();
    for probe in ["startupProbe", "readinessProbe", "livenessProbe"] {
        let get = &container[probe]["httpGet"];
        if !ports.is_empty() {
            assert!(ports.contains(&&get["port"]), "{place}: {probe}");
            assert!(
                ["/healthz", "/readyz"].contains(&get["path"].as_str().unwrap()),
                "{place}: {probe}"
            );
        }
    }
}

#[tokio::test]
async fn the_kubernetes_manifests_fit_together() {
    let folder = "deploy/kubernetes";
    let [mut secret, mut job, serving] = <[Vec<Value>; 3]>::try_from(
        yaml(
            &["secret.example.yaml", "migrate.yaml", "newbee.yaml"]
                .map(|name| format!("{folder}/{name}"))
                .each_ref()
                .map(String::as_str),
        )
        .await,
    )
    .unwrap();
    let (secret, job) = (secret.remove(0), job.remove(0));
    assert!(
        secret["stringData"]
            .as_object()
            .unwrap()
            .values()
            .all(|value| value == ""),
        "no values in the repository"
    );
    let kinds: Vec<&str> = serving
        .iter()
        .map(|document| document["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["Deployment", "Service", "Service", "PodDisruptionBudget"]);
    let [deployment, public, admin, budget] = serving.as_slice() else {
        panic!("four documents")
    };
    check_pod(&job["spec"]["template"]["spec"], &secret, "migrate.yaml");
    let pod = &deployment["spec"]["template"]["spec"];
    check_pod(pod, &secret, "newbee.yaml");

    let labels = &deployment["spec"]["template"]["metadata"]["labels"];
    for selector in [
        &deployment["spec"]["selector"]["matchLabels"],
        &budget["spec"]["selector"]["matchLabels"],
        &public["spec"]["selector"],
        &admin["spec"]["selector"],
    ] {
        assert_eq!(selector, labels);
    }
    assert_ne!(
        &job["spec"]["template"]["metadata"]["labels"], labels,
        "a Service must not send to the Job"
    );
    for service in [public, admin] {
        let target = &service["spec"]["ports"][0]["targetPort"];
        let ports = pod["containers"][0]["ports"].as_array().unwrap();
        assert!(ports.iter().any(|port| port["name"] == *target), "{target}");
    }
    // The sleep, the drain timeout, the end of the jobs and that of the heartbeat.
    let sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        .as_u64()
        .unwrap();
    assert!(pod["terminationGracePeriodSeconds"].as_u64().unwrap() > sleep + 10 + 20 + 2);
}

/// Path of the first field of `written` that `decoded` lacks or has with another value.
fn lost(written: &Value, decoded: &Value, path: &str) -> Option<String> {
    match (written, decoded) {
        (Value::Object(fields), Value::Object(others)) => fields.iter().find_map(|(name, value)| {
            let path = format!("{path}.{name}");
            others
                .get(name)
                .map_or_else(|| Some(path.clone()), |other| lost(value, other, &path))
        }),
        (Value::Array(values), Value::Array(others)) if values.len() == others.len() => {
            let mut pairs = values.iter().zip(others).enumerate();
            pairs.find_map(|(number, (value, other))| lost(value, other, &format!("{path}[{number}]")))
        }
        _ => (written != decoded).then(|| path.to_owned()),
    }
}

/// kubectl decodes workloads into their types and drops fields that it does not know.
#[tokio::test]
async fn kubectl_knows_every_field_of_the_workloads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("workload.json");
    for file in yaml(&["deploy/kubernetes/migrate.yaml", "deploy/kubernetes/newbee.yaml"]).await {
        let mut workload = file.into_iter().next().unwrap();
        for is_control in [false, true] {
            if is_control {
                workload["spec"]["template"]["spec"]["containers"][0]["lifecicle"] = "misspelt".into();
            }
            fs::write(&path, workload.to_string()).unwrap();
            let mut kubectl = Command::new("kubectl");
            kubectl.args([
                "set",
                "env",
                "--local",
                "NEWBEE_LOG=info",
                "--output",
                "json",
                "--filename",
            ]);
            let Ok(output) = kubectl.arg(&path).output().await else {
                return eprintln!("kubectl is not installed: the manifests were checked without it");
            };
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            let mut decoded: Value = serde_json::from_slice(&output.stdout).expect("JSON");
            let variables = decoded["spec"]["template"]["spec"]["containers"][0]["env"].as_array_mut();
            variables.unwrap().retain(|variable| variable["name"] != "NEWBEE_LOG");
            let lost = lost(&workload, &decoded, "");
            assert_eq!(lost.is_some(), is_control, "{lost:?}");
        }
    }
}
