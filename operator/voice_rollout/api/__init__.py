"""The resource as users write it: its types, its rules, and the CRD generated from both."""
