"""The work of a training in multiply-accumulates, computed once a network for everybody."""

import streamlit as st

from cnnviz.inspection import report_of
from cnnviz.specs.architectures import ArchitectureSpec
from cnnviz.specs.training import TrainingConfig
from cnnviz.training.card import TRAINING_PASSES


@st.cache_resource(max_entries=256, show_spinner=False)
def network_macs(spec: ArchitectureSpec) -> int:
    """MACs of one image, forward."""
    return report_of(spec).macs


@st.cache_resource(max_entries=256, show_spinner=False)
def parameters_of(spec: ArchitectureSpec) -> int:
    """Weights and biases of a network."""
    return report_of(spec).parameters


def training_macs(config: TrainingConfig) -> int:
    """MACs of a whole training."""
    return TRAINING_PASSES * network_macs(config.architecture) * config.epochs * config.train_images
