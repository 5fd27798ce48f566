# The local Kubernetes. CLUSTER=current uses the current kubectl context and starts nothing.
CLUSTER ?= local
export VOICE_ROLLOUT_CACHE := $(CACHE)
LOCAL_CLUSTER := PYTHONPATH=tests python3 -m cluster

.PHONY: cluster cluster-down images install

images: ## build the images (ENGINES="f5 xtts": of engines); load them when the local Kubernetes is up
	@$(LOCAL_CLUSTER) images $(ENGINES)

ifeq ($(CLUSTER),current)
cluster:
	@kubectl get --raw /readyz >/dev/null
	@echo "using the current context, $$(kubectl config current-context)"

cluster-down:
	@echo "CLUSTER=current: nothing was started here, so nothing is stopped"

install: cluster
	@kubectl apply --server-side --force-conflicts -f charts/voice-rollout/crds
	@helm upgrade --install voice-rollout charts/voice-rollout -n voice --create-namespace --wait $(HELM_ARGS)
else
cluster: ## a Kubernetes on this machine (CLUSTER=current: the one kubectl talks to)
	@$(LOCAL_CLUSTER) up

cluster-down: ## stop the local Kubernetes and leave nothing of it
	@$(LOCAL_CLUSTER) down

install: ## the images and the chart on the local Kubernetes, in namespace voice
	@$(LOCAL_CLUSTER) install
endif
