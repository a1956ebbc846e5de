"""The public building blocks of Keras 2.2.4, the reference implementation when the chapter was written.

Read from the modules of that release; inner classes that its documentation does not list are left out, and so are
functions that have a class beside them.
"""

from __future__ import annotations

_LAYERS = """
Activation ActivityRegularization Add AlphaDropout Average AveragePooling1D AveragePooling2D AveragePooling3D
BatchNormalization Bidirectional Concatenate Conv1D Conv2D Conv2DTranspose Conv3D Conv3DTranspose ConvLSTM2D Cropping1D
Cropping2D Cropping3D CuDNNGRU CuDNNLSTM Dense DepthwiseConv2D Dot Dropout ELU Embedding Flatten GRU GRUCell
GaussianDropout GaussianNoise GlobalAveragePooling1D GlobalAveragePooling2D GlobalAveragePooling3D GlobalMaxPooling1D
GlobalMaxPooling2D GlobalMaxPooling3D Input LSTM LSTMCell Lambda LeakyReLU LocallyConnected1D LocallyConnected2D Masking
MaxPooling1D MaxPooling2D MaxPooling3D Maximum Minimum Multiply PReLU Permute RNN ReLU RepeatVector Reshape
SeparableConv1D SeparableConv2D SimpleRNN SimpleRNNCell Softmax SpatialDropout1D SpatialDropout2D SpatialDropout3D
StackedRNNCells Subtract ThresholdedReLU TimeDistributed UpSampling1D UpSampling2D UpSampling3D Wrapper ZeroPadding1D
ZeroPadding2D ZeroPadding3D
"""
_CALLBACKS = """
Callback CSVLogger EarlyStopping History LambdaCallback LearningRateScheduler ModelCheckpoint ProgbarLogger
ReduceLROnPlateau RemoteMonitor TensorBoard TerminateOnNaN
"""
_INITIALIZERS = """
Constant Identity Ones Orthogonal RandomNormal RandomUniform TruncatedNormal VarianceScaling Zeros
"""
_ACTIVATIONS = "elu exponential hard_sigmoid linear relu selu sigmoid softmax softplus softsign tanh"

GROUPS = {
    "layers": tuple(_LAYERS.split()),
    "callbacks": tuple(_CALLBACKS.split()),
    "initializers": tuple(_INITIALIZERS.split()),
    "activations": tuple(_ACTIVATIONS.split()),
    "optimizers": ("Adadelta", "Adagrad", "Adam", "Adamax", "Nadam", "RMSprop", "SGD"),
    "regularizers": ("l1", "l2"),
    "constraints": ("MaxNorm", "MinMaxNorm", "NonNeg", "UnitNorm"),
    "models": ("Model", "Sequential", "clone_model", "load_model"),
}
"""Module of tf.keras -> the names it should have."""
