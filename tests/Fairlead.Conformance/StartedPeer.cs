using System.Diagnostics;
using Fairlead.Processes;

namespace Fairlead.Conformance;

/// <summary>A process that a test has started: by the base library, or, if it gets descriptors, as a child of Fairlead's.</summary>
internal abstract class StartedPeer : IDisposable
{
    public abstract int Id { get; }

    public abstract TextWriter Input { get; }

    public abstract TextReader Output { get; }

    public abstract TextReader Errors { get; }

    public abstract bool HasExited { get; }

    public static StartedPeer Of(Process process) => new Plain(process);

    public static StartedPeer Of(ChildProcess child) => new Child(child);

    /// <summary>Waits for the end; returns the exit code, or 128 plus the signal.</summary>
    public abstract Task<int> ExitAsync();

    /// <summary>Sends SIGKILL.</summary>
    public abstract void Kill();

    public abstract void Dispose();

    private sealed class Plain(Process process) : StartedPeer
    {
        public override int Id { get; } = process.Id;

        public override TextWriter Input => process.StandardInput;

        public override TextReader Output => process.StandardOutput;

        public override TextReader Errors => process.StandardError;

        public override bool HasExited => process.HasExited;

        public override async Task<int> ExitAsync()
        {
            await process.WaitForExitAsync();
            return process.ExitCode;
        }

        public override void Kill() => process.Kill();

        public override void Dispose() => process.Dispose();
    }

    private sealed class Child(ChildProcess child) : StartedPeer
    {
        private readonly Task<ChildExit> _exit = child.ExitAsync();

        public override int Id => child.Id;

        public override TextWriter Input { get; } = new StreamWriter(child.StandardInput);

        public override TextReader Output { get; } = new StreamReader(child.StandardOutput);

        public override TextReader Errors { get; } = new StreamReader(child.StandardError);

        public override bool HasExited => _exit.IsCompleted;

        public override async Task<int> ExitAsync() => (await _exit).ShellCode;

        public override void Kill() => child.Kill();

        public override void Dispose() => child.Dispose();
    }
}
