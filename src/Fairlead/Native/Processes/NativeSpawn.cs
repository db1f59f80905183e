namespace Fairlead.Native.Processes;

/// <summary>
/// Starts programs by <c>posix_spawn</c>: no code of this process runs in the child, and it inherits only the descriptors it is given.
/// </summary>
/// <remarks>
/// Everything that Fairlead and the base library open is closed on exec, and the child itself makes the copies that it is given. Children
/// that are started concurrently inherit nothing of each other's.
/// </remarks>
internal static unsafe class NativeSpawn
{
    // Behind the standard streams, which most targets are. No higher: the limit of descriptors may be as low.
    private const int LowestSource = 3;

    /// <summary>
    /// Starts the program and returns its process ID. The C library waits until the program runs, and this reports errors of exec.
    /// </summary>
    public static Errno Start(SpawnRequest request, out int processId)
    {
        Platform.Require();
        List<Descriptor> sources = [];
        byte* actions = stackalloc byte[Libc.SpawnActionsRoom];
        byte* attributes = stackalloc byte[Libc.SpawnAttributesRoom];
        using NativeStrings arguments = new(request.Arguments);
        using NativeStrings environment = new(request.Environment);
        using NativeStrings paths = new(request.Directory is null ? [request.Path] : [request.Path, request.Directory]);
        processId = 0;
        Errno error = Libc.SpawnActionsInit(actions);
        if (error != Errno.None)
        {
            return error;
        }

        error = Libc.SpawnAttributesInit(attributes);
        if (error != Errno.None)
        {
            _ = Libc.SpawnActionsDestroy(actions);
            return error;
        }

        try
        {
            foreach ((Descriptor source, int target) in request.Descriptors)
            {
                Descriptor? high = DuplicateBeside(request.Descriptors, source, out error);
                if (high is null)
                {
                    return error;
                }

                sources.Add(high);
                error = Libc.SpawnActionsDuplicate(actions, high.Number, target);
                if (error != Errno.None)
                {
                    return error;
                }
            }

            error = Describe(request, actions, attributes, paths);
            if (error != Errno.None)
            {
                return error;
            }

            int started;
            error = Libc.Spawn(&started, paths.Pointer[0], actions, attributes, arguments.Pointer, environment.Pointer);
            processId = error == Errno.None ? started : 0;
            return error;
        }
        finally
        {
            _ = Libc.SpawnAttributesDestroy(attributes);
            _ = Libc.SpawnActionsDestroy(actions);
            foreach (Descriptor source in sources)
            {
                source.Dispose();
            }
        }
    }

    /// <summary>
    /// Duplicates a descriptor to a number of at least <paramref name="lowest"/>, closed on exec. The caller owns the copy, and keeps the
    /// original open during the call.
    /// </summary>
    public static Descriptor? Duplicate(int number, int lowest, out Errno error)
    {
        int copy = Libc.Control(number, Libc.F_DUPFD_CLOEXEC, lowest);
        error = copy < 0 ? Libc.LastError : Errno.None;
        return copy < 0 ? null : new Descriptor(copy);
    }

    /// <summary>Duplicates a source beside the targets: at one of them it would be overwritten before the child copies it.</summary>
    private static Descriptor? DuplicateBeside(
        IReadOnlyList<(Descriptor Source, int Target)> descriptors, Descriptor source, out Errno error)
    {
        Descriptor? copy = Duplicate(source, LowestSource, out error);
        while (copy is not null && descriptors.Any(one => one.Target == copy.Number))
        {
            int next = copy.Number + 1;
            copy.Dispose();
            copy = Duplicate(source, next, out error);
        }

        return copy;
    }

    private static Descriptor? Duplicate(Descriptor descriptor, int lowest, out Errno error)
    {
        error = Errno.EBADF;
        if (!descriptor.TryEnter())
        {
            return null;
        }

        Descriptor? copy = Duplicate(descriptor.Number, lowest, out error);
        descriptor.Exit();
        return copy;
    }

    private static Errno Describe(SpawnRequest request, byte* actions, byte* attributes, NativeStrings paths)
    {
        short flags = Libc.POSIX_SPAWN_SETSIGDEF | Libc.POSIX_SPAWN_SETSIGMASK;
        Libc.SignalSet blocked = default;
        Libc.SignalSet defaults = default;
        blocked.Words[0] = request.BlockedSignals;
        defaults.Words[0] = request.DefaultSignals;
        Errno error = Libc.SpawnAttributesMask(attributes, &blocked);
        error = error == Errno.None ? Libc.SpawnAttributesDefault(attributes, &defaults) : error;
        if (request.Group is { } group)
        {
            flags |= Libc.POSIX_SPAWN_SETPGROUP;
            error = error == Errno.None ? Libc.SpawnAttributesGroup(attributes, group) : error;
        }

        flags |= request.NewSession ? Libc.POSIX_SPAWN_SETSID : (short)0;
        error = error == Errno.None ? Libc.SpawnAttributesFlags(attributes, flags) : error;
        if (error == Errno.None && request.Directory is not null)
        {
            error = Libc.SpawnActionsDirectory(actions, paths.Pointer[1]);
        }

        if (error == Errno.None && request.ForegroundOf is { } terminal)
        {
            error = Foreground(actions, terminal);
        }

        return error;
    }

    /// <summary>Lets the child take the foreground before its program runs, if the C library supports that; otherwise ENOSYS.</summary>
    private static Errno Foreground(byte* actions, int terminal)
    {
        try
        {
            return Libc.SpawnActionsForeground(actions, terminal);
        }
        catch (EntryPointNotFoundException)
        {
            return Errno.ENOSYS;
        }
    }
}
