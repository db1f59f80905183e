using System.Collections;
using Fairlead.Native;
using Fairlead.Native.Processes;
using Fairlead.Processes.Starting;

namespace Fairlead.Processes;

/// <content>Starting.</content>
public sealed partial class ChildProcess
{
    // The runtime ignores SIGPIPE. The C library uses 32 and 33 itself, and would leave them ignored in a child.
    private const ulong AlwaysDefault = (1UL << (13 - 1)) | (1UL << (32 - 1)) | (1UL << (33 - 1));

    // Probed before the first child is started: a child that cannot be watched would become a zombie.
    private static volatile bool _hasProbed;

    /// <summary>Starts a program. Returns when it runs: any lack of what it needs is known by then.</summary>
    /// <param name="program">A name to look up in PATH, or a path, relative to the directory of this process.</param>
    /// <param name="arguments">The arguments, each exactly as the program gets it: nothing is split, quoted or expanded.</param>
    /// <param name="options">Further settings.</param>
    /// <exception cref="FairleadException">
    /// NotFound: the program, directory or a file does not exist. PermissionDenied: this user may not run it. NotSupported: it is not a
    /// program, or the system lacks what an option needs. TooLarge: the arguments and environment are too long. Unavailable: no process or
    /// descriptor is left.
    /// </exception>
    public static ChildProcess Start(string program, IEnumerable<string>? arguments = null, ChildProcessOptions? options = null)
    {
        options ??= new ChildProcessOptions();
        if (options.EndsGroup && options.Group is { Id: not 0, IsSession: false })
        {
            throw new ArgumentException("EndsGroup needs a group of the child: ProcessGroup.New or NewSession.", nameof(options));
        }

        Inherited.Claim();
        Probe();
        string file = ProgramFile.Find(program);
        if (options.WorkingDirectory is { } directory && ProgramFile.DirectoryProblem(directory) is { } problem)
        {
            throw problem;
        }

        using Plumbing plumbing = Plumbing.Lay(options);
        SpawnRequest request = ExecStep.Before(
            new SpawnRequest
            {
                Path = file,
                Arguments = Checked([program, .. arguments ?? []], nameof(arguments)),
                Environment = Checked([.. EnvironmentOf(options, plumbing.Channel)], nameof(options)),
                Directory = options.WorkingDirectory,
                Descriptors = plumbing.Given,
                Group = options.Group.Id,
                NewSession = options.Group.IsSession,
                ForegroundOf = options.TakesTerminal ? ControllingTerminal.NumberForChild(plumbing.Given) : null,
                BlockedSignals = MaskOf(options.BlockedSignals, nameof(options.BlockedSignals)),
                DefaultSignals = AlwaysDefault | MaskOf(options.DefaultSignals, nameof(options.DefaultSignals)),
            },
            options.TiedToParent,
            [.. options.IgnoredSignals.Select(static signal => Catchable(signal, nameof(options.IgnoredSignals)).Number)],
            plumbing.Identity,
            options.Limits is { } limits ? ResourceLimits.Commands(limits.Memory, limits.ProcessorTime, limits.OpenFiles) : "");

        return options.TiedToParent
            ? SpawnerThread.Run(() => Start(program, request, options, plumbing))
            : Start(program, request, options, plumbing);
    }

    /// <summary>Starts a program. The caller does not block while the kernel loads it.</summary>
    /// <inheritdoc cref="Start(string, IEnumerable{string}?, ChildProcessOptions?)"/>
    public static ValueTask<ChildProcess> StartAsync(
        string program,
        IEnumerable<string>? arguments = null,
        ChildProcessOptions? options = null,
        CancellationToken cancellationToken = default) => new(Task.Run(() => Start(program, arguments, options), cancellationToken));

    private static ChildProcess Start(string program, SpawnRequest request, ChildProcessOptions options, Plumbing plumbing)
    {
        // Before the start: otherwise a stop could go unnoticed.
        if (options.ReportsStops)
        {
            StoppedChildren.Listen();
        }

        Errno error = Errno.None;
        int id = AdoptedChildren.Start(() => (error = Spawn(request, out int started)) == Errno.None ? started : 0);
        if (error != Errno.None)
        {
            throw request.Group > 0 && error is Errno.EPERM or Errno.ESRCH
                ? new FairleadException(
                    ErrorCode.NotFound,
                    $"the child cannot join process group {request.Group}: this session has no such group",
                    "A group ends with its last process: start its first child with HoldsGroup.")
                {
                    Errno = (int)error,
                }
                : ProgramFile.Refused(request.Path, request.Directory, error);
        }

        int group = request.Group is { } joined ? joined == 0 ? id : joined : request.NewSession ? id : Libc.ProcessGroupOf(0);
        Descriptor? process = ProcessDescriptor.Open(id, out error);
        if (process is null)
        {
            ProcessDescriptor.EndChild(id);
            AdoptedChildren.Forget(id);
            throw ErrnoMap.Failure($"the child {program} cannot be watched, and was ended", error);
        }

        ChildProcess child = new(id, program, group, process, plumbing);
        child.Watch(options);
        return child;
    }

    private static Errno Spawn(SpawnRequest request, out int id)
    {
        Errno error = NativeSpawn.Start(request, out id);
        if (error == Errno.ENOSYS && request.ForegroundOf is not null)
        {
            // An older C library: the parent hands over the terminal, a moment late, and continues a child that was stopped for that.
            error = NativeSpawn.Start(request with { ForegroundOf = null }, out id);
            if (error == Errno.None)
            {
                ControllingTerminal.HandOver(Libc.ProcessGroupOf(id));
            }
        }

        return error;
    }

    private static IEnumerable<string> EnvironmentOf(ChildProcessOptions options, string? channel)
    {
        Dictionary<string, string> all = new(StringComparer.Ordinal);
        if (!options.ClearEnvironment)
        {
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            {
                all[(string)variable.Key] = (string?)variable.Value ?? "";
            }
        }

        foreach ((string name, string? value) in options.Environment)
        {
            if (name.Length == 0 || name.Contains('=', StringComparison.Ordinal))
            {
                throw new ArgumentException($"'{name}' is not a valid name of an environment variable.", nameof(options));
            }

            if (value is null)
            {
                all.Remove(name);
            }
            else
            {
                all[name] = value;
            }
        }

        if (channel is not null)
        {
            all[Inherited.Variable] = channel;
        }

        return all.Select(static variable => $"{variable.Key}={variable.Value}");
    }

    private static List<string> Checked(List<string> texts, string parameter) =>
        texts.Contains(null!) ? throw new ArgumentException("An argument cannot be null.", parameter)
        : texts.Exists(static text => text.Contains('\0', StringComparison.Ordinal))
            ? throw new ArgumentException("An argument or a variable cannot contain a NUL byte, which ends a C string.", parameter)
            : texts;

    private static Signal Catchable(Signal signal, string option) =>
        signal.IsUncatchable || signal.Number == 0
            ? throw new ArgumentException($"{signal} can be neither blocked nor ignored ({option}).", option)
            : signal;

    private static ulong MaskOf(IEnumerable<Signal> signals, string option) =>
        signals.Aggregate(0UL, (mask, signal) => mask | (1UL << (Catchable(signal, option).Number - 1)));

    private static void Probe()
    {
        if (_hasProbed)
        {
            return;
        }

        using Descriptor? self = ProcessDescriptor.Open(NativeProcess.Id, out Errno error);
        if (self is null && error is not (Errno.EMFILE or Errno.ENFILE or Errno.ENOMEM))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"this system does not open descriptors of processes ({ErrnoMap.Describe(error)})",
                "Linux 5.10 or later is needed, and the sandbox must allow pidfd_open.")
            {
                Errno = (int)error,
            };
        }

        ProcessDescriptor.KeepStatuses();
        _hasProbed = self is not null;
    }
}
