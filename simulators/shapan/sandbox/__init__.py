"""The whole sandbox: all systems and the control, wired and started. The only place that names them together.

`options`       what a sandbox is made of: world, ports, folder, client
`serving`       one system in this process (what a container or a child process runs)
`processes`     all systems as child processes (what `shapan up` runs)
`threads`       all systems as threads of this process (what tests use)
`integration`   a user's integration beside them
`running`       one that runs already, known by its control
`session`       either of them with an integration, ready to be judged
"""

from shapan.sandbox.errors import SandboxError
from shapan.sandbox.options import SandboxOptions

__all__ = ["SandboxError", "SandboxOptions"]
