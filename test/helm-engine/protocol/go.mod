module chartwright.example/helm-engine/protocol

go 1.26.0
