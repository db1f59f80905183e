using System.Globalization;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Transports.Pipes;

/// <summary>Opens the descriptors of an address, and checks that this process may use them.</summary>
internal static class OpenDescriptor
{
    /// <summary>The first number beyond the standard streams, whose numbers must not be reused by other files.</summary>
    private const int FirstOther = 3;

    private const TransportCapabilities OneWay = TransportCapabilities.Reliable | TransportCapabilities.Ordered;

    /// <exception cref="FairleadException">
    /// NotFound: the process was not given a descriptor of that name. NotSupported: there are several.
    /// </exception>
    public static int[] NumbersOf(Address address)
    {
        // Needed for numbers, too: this offers the descriptors from the service manager.
        IReadOnlyList<(int Number, string Name)> activated = ActivationSockets.All;
        return char.IsAsciiDigit(address.Place[0])
            ? [.. address.Place.Split(',').Select(static number => int.Parse(number, CultureInfo.InvariantCulture))]
            : [NumberOf(address, activated)];
    }

    /// <summary>Returns the capabilities of open descriptors. A closed one is refused later, when it is opened.</summary>
    /// <remarks>A socket works in both directions, and so do two pipes.</remarks>
    public static TransportCapabilities CapabilitiesOf(int[] numbers)
    {
        if (numbers.Length == 2)
        {
            return OneWay | TransportCapabilities.Duplex;
        }

        return KindOf(numbers[0]) switch
        {
            FileKind.Fifo => OneWay,
            FileKind.Socket => OfSocket(numbers[0]),
            _ => OneWay | TransportCapabilities.Duplex,
        };
    }

    /// <summary>Takes a listening socket to accept connections. Returns null if the descriptor is not one.</summary>
    public static InheritedListener? TryListen(Address address, EndpointSettings settings)
    {
        if (NumbersOf(address) is not [var number] || KindOf(number) != FileKind.Socket)
        {
            return null;
        }

        // Duplicate the socket to inspect it before taking it.
        using (Descriptor? copy = NativeSpawn.Duplicate(number, FirstOther, out _))
        {
            if (copy is null || !InheritedListener.CanServe(copy))
            {
                return null;
            }

            InheritedListener.CheckFraming(copy, address, settings);
        }

        Descriptor taken = (OfferedDescriptors.TryTake([number], out _) ?? Inherit([number], address))[0];
        _ = NativePipe.SetNonBlocking(taken);
        return new InheritedListener(address, taken, settings.Framing);
    }

    /// <summary>Takes the descriptors for a connection, which closes them.</summary>
    /// <exception cref="FairleadException">
    /// NotFound: a descriptor is not open. AlreadyExists: it belongs to this process itself. NotSupported: it cannot carry messages, or not
    /// in the needed direction.
    /// </exception>
    public static Connection Open(Address address, EndpointSettings settings)
    {
        int[] numbers = NumbersOf(address);
        foreach (int number in numbers)
        {
            Check(number, address);
        }

        if (numbers is [var one, var other] && (one == other || KindOf(one) != FileKind.Fifo || KindOf(other) != FileKind.Fifo))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                "two descriptors must be two pipes, one to read and one to write",
                "Use a single number for a socket, which works in both directions: fd://3.")
            {
                Address = address,
            };
        }

        Descriptor[] taken = OfferedDescriptors.TryTake(numbers, out int? peer) ?? Inherit(numbers, address);
        try
        {
            return Wrap(taken, address, settings, PeerOf(taken[0], peer));
        }
        catch
        {
            foreach (Descriptor descriptor in taken)
            {
                descriptor.Dispose();
            }

            throw;
        }
    }

    private static int NumberOf(Address address, IReadOnlyList<(int Number, string Name)> activated)
    {
        int[] found = [.. activated.Where(socket => socket.Name == address.Place).Select(static socket => socket.Number)];
        string names = string.Join(", ", activated.Select(static socket => socket.Name).Where(static name => name.Length > 0).Distinct());
        return found.Length switch
        {
            1 => found[0],
            0 => throw new FairleadException(
                ErrorCode.NotFound,
                activated.Count == 0
                    ? "this process got no sockets from a service manager (LISTEN_FDS, LISTEN_PID)"
                    : "this process got no socket of that name from its service manager, but "
                        + $"{(names.Length == 0 ? "only unnamed ones" : names)}",
                "Set the name with FileDescriptorName= in the socket unit.")
            {
                Address = address,
            },
            _ => throw new FairleadException(
                ErrorCode.NotSupported,
                $"this process got {found.Length} sockets of that name from its service manager",
                "Use the number of one: "
                    + $"{string.Join(", ", found.Select(static number => string.Create(CultureInfo.InvariantCulture, $"fd://{number}")))}.")
            {
                Address = address,
            },
        };
    }

    private static TransportCapabilities OfSocket(int number)
    {
        using Descriptor? copy = NativeSpawn.Duplicate(number, FirstOther, out _);
        return copy is not null && InheritedListener.CanServe(copy)
            ? InheritedListener.CapabilitiesOf(copy)
            : OfConnection(copy);
    }

    /// <summary>Returns the capabilities of a connected socket. One of the network has those of <c>tcp://</c>.</summary>
    private static TransportCapabilities OfConnection(Descriptor? socket) =>
        OneWay
        | TransportCapabilities.Duplex
        | (socket is not null && InheritedListener.IsOfNetwork(socket) ? TransportCapabilities.CrossHost : TransportCapabilities.None);

    private static FileKind? KindOf(int number) =>
        NativeFile.Stat(string.Create(CultureInfo.InvariantCulture, $"/proc/self/fd/{number}"))?.Kind;

    private static void Check(int number, Address address)
    {
        FileKind? kind = KindOf(number);
        string? problem = kind switch
        {
            null => "is not open",
            FileKind.Fifo or FileKind.Socket => null,
            FileKind.Regular => "is a regular file",
            FileKind.Directory => "is a directory",
            _ => "is neither a pipe nor a socket",
        };
        if (problem is null)
        {
            return;
        }

        throw new FairleadException(
            kind is null ? ErrorCode.NotFound : ErrorCode.NotSupported,
            string.Create(CultureInfo.InvariantCulture, $"descriptor {number} {problem}"),
            kind is null
                ? "The parent of this process must open it, by ChildProcess with a Channel, fairlead spawn --channel, "
                    + "or a redirection of the shell."
                : "Use a pipe or a socket.")
        {
            Address = address,
            Errno = kind is null ? (int)Errno.EBADF : null,
        };
    }

    /// <summary>Takes inherited descriptors. They have no close-on-exec flag, unlike all that this process has opened itself.</summary>
    private static Descriptor[] Inherit(int[] numbers, Address address)
    {
        foreach (int number in numbers)
        {
            if (NativePipe.IsClosedOnExec(number) is not false)
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    string.Create(CultureInfo.InvariantCulture, $"descriptor {number} is in use by this process itself"),
                    "An address can open, once, an inherited descriptor or this end of a channel to a child (ChildProcess.Address).")
                {
                    Address = address,
                    Peer = new Peer { ProcessId = NativeProcess.Id },
                };
            }
        }

        return [.. numbers.Select(number => Own(number, address))];
    }

    private static Descriptor Own(int number, Address address)
    {
        if (number < FirstOther)
        {
            return NativeSpawn.Duplicate(number, FirstOther, out Errno error)
                ?? throw ErrnoMap.Failure("cannot be opened", error).At(address);
        }

        _ = NativePipe.SetClosedOnExec(number);
        return new Descriptor(number);
    }

    private static Peer PeerOf(Descriptor descriptor, int? peer)
    {
        // The descriptor's owner is a user of this machine, and its peer may be anyone.
        if (NativeFile.Fstat(descriptor)?.Kind == FileKind.Socket && InheritedListener.IsOfNetwork(descriptor))
        {
            return NativeSocket.PeerName(descriptor) is { } name
                ? new Peer { RemoteAddress = HostAddresses.EndPointOf(name).ToString() }
                : new Peer();
        }

        // The kernel reports the process that created a socket pair at both ends. Its user is right, its process id usually not.
        PeerCredentials? maker = NativeSocket.Credentials(descriptor);
        uint? user = maker?.UserId ?? NativeFile.Fstat(descriptor)?.Uid;
        return new Peer
        {
            ProcessId = peer,
            UserId = user,
            GroupId = maker?.GroupId,
            Program = peer is { } id ? NativeProcess.CommandLine(id) : null,
        };
    }

    private static Connection Wrap(Descriptor[] taken, Address address, EndpointSettings settings, Peer peer)
    {
        if (taken is [var only] && NativeFile.Fstat(only)?.Kind == FileKind.Socket)
        {
            if (NativeSocket.IsListening(only))
            {
                throw new FairleadException(
                    ErrorCode.NotSupported,
                    $"descriptor {only.Number} is a listening socket, which cannot be connected to",
                    "Bind to it instead.")
                {
                    Address = address,
                };
            }

            if (NativeSocket.TypeOf(only) != NativeSocketType.Stream)
            {
                throw new FairleadException(
                    ErrorCode.NotSupported,
                    $"descriptor {only.Number} is not a stream socket",
                    "Use a connected or listening stream socket.")
                {
                    Address = address,
                };
            }

            _ = NativePipe.SetNonBlocking(only);
            TransportCapabilities capabilities = OfConnection(only);
            if ((capabilities & TransportCapabilities.CrossHost) != 0)
            {
                NativeSocket.SetForMessages(only);
            }

            return new StreamConnection(only, settings.Framing, capabilities, peer);
        }

        bool writes = taken.Length == 1 && settings.Pattern == PatternKind.Sender;
        Descriptor? source = writes ? null : taken[0];
        Descriptor? target = writes ? taken[0] : taken.Length == 2 ? taken[1] : null;
        Require(source, NativePipe.CanRead, "is the writing end of a pipe, but must be readable", address);
        Require(target, NativePipe.CanWrite, "is the reading end of a pipe, but must be writable", address);
        source = OwnFlags(source, OpenFlags.ReadOnly);
        target = OwnFlags(target, OpenFlags.WriteOnly);
        return new PipeConnection(
            source, target, settings.Framing, taken.Length == 2 ? OneWay | TransportCapabilities.Duplex : OneWay, peer);
    }

    private static void Require(Descriptor? pipe, Func<Descriptor, bool> can, string problem, Address address)
    {
        if (pipe is not null && !can(pipe))
        {
            throw new FairleadException(
                ErrorCode.NotSupported,
                $"descriptor {pipe.Number} {problem}",
                "With two numbers, as in fd://3,4, the first is read. With one, a Sender writes and a Receiver reads.")
            {
                Address = address,
            };
        }
    }

    /// <summary>Reopens a pipe if possible, to make only this connection non-blocking. Takes over the old descriptor.</summary>
    /// <remarks>Other processes may share the same open file, as with a shell's pipe.</remarks>
    private static Descriptor? OwnFlags(Descriptor? pipe, OpenFlags access)
    {
        if (pipe is null)
        {
            return null;
        }

        if (NativeFile.Reopen(pipe, access, out _) is { } own)
        {
            pipe.Dispose();
            return own;
        }

        _ = NativePipe.SetNonBlocking(pipe);
        return pipe;
    }
}
