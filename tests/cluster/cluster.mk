# The local Kubernetes. CLUSTER=current uses the current kubectl context and starts nothing.
CLUSTER ?= local
export VOICE_ROLLOUT_CACHE := $(CACHE)
LOCAL_CLUSTER := PYTHONPATH=tests python3 -m cluster

.PHONY: cluster cluster-down

ifeq ($(CLUSTER),current)
cluster: ## a Kubernetes on this machine (CLUSTER=current: the one kubectl talks to)
	@kubectl version -o name >/dev/null && echo "using the current context, $$(kubectl config current-context)"

cluster-down:
	@echo "CLUSTER=current: nothing was started here, so nothing is stopped"
else
cluster: ## a Kubernetes on this machine (CLUSTER=current: the one kubectl talks to)
	@$(LOCAL_CLUSTER) up

cluster-down: ## stop the local Kubernetes and leave nothing of it
	@$(LOCAL_CLUSTER) down
endif
