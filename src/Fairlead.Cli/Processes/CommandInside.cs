using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fairlead.Cli.Input;
using Fairlead.Cli.Output;
using Fairlead.Diagnostics;
using Fairlead.Processes;

namespace Fairlead.Cli.Processes;

/// <summary>
/// The command that runs inside a lock, written down for the next owner. When the tool is killed, the kernel frees the lock immediately and
/// kills the command a moment later; the next owner reads here which process it has to wait for.
/// </summary>
/// <remarks>
/// Each is a file, <c>LOCK@PID@START@NAMESPACE</c> of its tool, which holds the identity of the command. The tool locks the file before it
/// starts the command, and the child shares that lock until it has written its identity. An unlocked file of a dead tool is therefore
/// complete, or its command never began.
/// </remarks>
internal sealed class CommandInside
{
    private const UnixFileMode PrivateFolder = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode PrivateFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const int Room = 64;
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(1);

    private readonly string _lock;
    private readonly Func<IEnumerable<int?>> _inside;
    private readonly TimeSpan? _patience;
    private readonly int _late;
    private readonly string _folder = Path.Combine(FairleadDirectory.Runtime, "commands");

    /// <param name="name">The name of the lock, which this process has entered.</param>
    /// <param name="inside">Returns the processes that are inside now.</param>
    /// <param name="patience">The longest time to wait for commands of dead owners; null: no limit.</param>
    /// <param name="late">The exit code when that time is over.</param>
    public CommandInside(string name, Func<IEnumerable<int?>> inside, TimeSpan? patience, int late = ExitCode.Timeout)
    {
        _lock = name;
        _inside = inside;
        _patience = patience;
        _late = late;
    }

    private static string Namespace { get; } = new FileInfo("/proc/self/ns/pid").LinkTarget ?? "";

    /// <summary>Waits until the commands of owners that died inside have ended.</summary>
    /// <exception cref="ToolException">Timeout: one still runs.</exception>
    public async Task WaitForPredecessorsAsync(CancellationToken cancellationToken)
    {
        if (!Directory.Exists(_folder))
        {
            return;
        }

        Wait wait = new(_patience, _late);
        foreach (var path in Directory.GetFiles(_folder, $"{_lock}@*"))
        {
            if (OwnerOf(path) is { } owner)
            {
                await WaitForAsync(path, owner, wait, cancellationToken);
            }
        }
    }

    /// <summary>Writes a command down while it runs.</summary>
    /// <param name="run">Starts the command with this file for its identity, and waits for its end.</param>
    public async Task<int> RunAsync(Func<SafeHandle, Task<int>> run)
    {
        Directory.CreateDirectory(_folder, PrivateFolder);
        var path = Path.Combine(_folder, $"{_lock}@{ProcessIdentity.Current}@{Namespace}");
        File.WriteAllText(path, "");
        File.SetUnixFileMode(path, PrivateFile);
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);

            // Take the space now: an error of the child could not be reported.
            RandomAccess.Write(file, Encoding.ASCII.GetBytes(new string('\n', Room)), 0);
            return await run(file);
        }
        finally
        {
            File.Delete(path);
        }
    }

    private ProcessIdentity? OwnerOf(string path)
    {
        var parts = Path.GetFileName(path).Split('@', 4);
        return parts is [var name, var number, var start, var space]
            && name == _lock
            && space == Namespace
            && ProcessIdentity.TryParse($"{number}@{start}", out var owner)
            && owner != ProcessIdentity.Current
            ? owner
            : null;
    }

    private async Task WaitForAsync(string path, ProcessIdentity owner, Wait wait, CancellationToken cancellationToken)
    {
        while (!_inside().Contains(owner.ProcessId))
        {
            if (CommandOf(path, out var isKnown) is { } command)
            {
                await WaitForEndAsync(command, owner, wait, cancellationToken);
            }

            if (isKnown)
            {
                File.Delete(path);
                return;
            }

            wait.Require(() => Describe(owner));
            await Task.Delay(Pause, TimeProvider.System, cancellationToken);
        }
    }

    private async Task WaitForEndAsync(ProcessHandle command, ProcessIdentity owner, Wait wait, CancellationToken cancellationToken)
    {
        using (command)
        {
            var program = command.Program is { } text ? $" ({text})" : "";
            string Describe() =>
                $"pid {Text(command.Identity.ProcessId)}{program}, which still runs inside '{_lock}' although pid {Text(owner.ProcessId)}, "
                    + "which held the lock for it, was killed";
            while (!command.HasExited)
            {
                wait.Require(Describe);
                await Task.Delay(Pause, TimeProvider.System, cancellationToken);
            }
        }
    }

    // Alive, and not inside: the file of the lock has been removed, and this process has created another one.
    private string Describe(ProcessIdentity owner) =>
        owner.IsAlive
            ? $"pid {Text(owner.ProcessId)}, which holds '{_lock}', although a program has removed the file of the lock"
            : $"the command that pid {Text(owner.ProcessId)} was starting inside '{_lock}' when it was killed";

    /// <summary>Returns the command of a dead owner if it runs, and whether the file has told all that it will.</summary>
    private static ProcessHandle? CommandOf(string path, out bool isKnown)
    {
        isKnown = true;
        try
        {
            using var file = File.OpenHandle(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            var content = new byte[Room];
            var length = RandomAccess.Read(file, content, 0);
            var line = Encoding.ASCII.GetString(content, 0, length).Split('\n')[0];
            return ProcessIdentity.TryParse(line, out var command) ? ProcessHandle.Open(command) : null;
        }
        catch (FileNotFoundException)
        {
            // Another owner has waited for it.
            return null;
        }
        catch (FairleadException error) when (error.Code == ErrorCode.NotFound)
        {
            return null;
        }
        catch (IOException)
        {
            // Locked: the owner is not quite dead yet, or its child has not written down which process it is.
            isKnown = false;
            return null;
        }
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);

    /// <summary>How long a wait has lasted, and what it has said.</summary>
    private sealed class Wait(TimeSpan? patience, int late)
    {
        private readonly long _began = TimeProvider.System.GetTimestamp();
        private bool _hasSpoken;

        public void Require(Func<string> what)
        {
            var elapsed = TimeProvider.System.GetElapsedTime(_began);
            if (elapsed >= patience)
            {
                throw new ToolException(
                    late, $"the lock waits for {what()}. {(late == ExitCode.Timeout ? "End it first, or wait longer" : "End it first")}");
            }

            if (elapsed >= Silence && !_hasSpoken)
            {
                _hasSpoken = true;
                ErrorLine.Write($"waits for {what()}");
            }
        }
    }
}
