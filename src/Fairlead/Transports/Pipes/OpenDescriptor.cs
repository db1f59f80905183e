using System.Globalization;
using Fairlead.Native;

namespace Fairlead.Transports.Pipes;

/// <summary>From the numbers of an address to what is open under them, and whether that is for this process to use.</summary>
internal static class OpenDescriptor
{
    /// <summary>The standard streams' numbers stay taken, lest a file that is opened next gets one of them.</summary>
    private const int FirstOther = 3;

    private const TransportCapabilities OneWay = TransportCapabilities.Reliable | TransportCapabilities.Ordered;

    /// <exception cref="FairleadException">
    /// NotFound: this process was given nothing of that name. NotSupported: more than one thing.
    /// </exception>
    public static int[] NumbersOf(Address address)
    {
        // Before the numbers, too: what a service manager has opened is offered from then on.
        IReadOnlyList<(int Number, string Name)> activated = ActivationSockets.All;
        return char.IsAsciiDigit(address.Place[0])
            ? [.. address.Place.Split(',').Select(static number => int.Parse(number, CultureInfo.InvariantCulture))]
            : [NumberOf(address, activated)];
    }

    /// <summary>
    /// Of what is open there: a socket carries both ways, and so do two pipes; what is not open is judged when it is opened.
    /// </summary>
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

    /// <summary>Takes a socket that listens, and serves who comes; null where it is none.</summary>
    public static InheritedListener? TryListen(Address address, EndpointSettings settings)
    {
        if (NumbersOf(address) is not [var number] || KindOf(number) != FileKind.Socket)
        {
            return null;
        }

        // A second number of the same socket, to ask it before it is anybody's.
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

    /// <summary>Takes what is open under the numbers for this connection, which closes it.</summary>
    /// <exception cref="FairleadException">
    /// NotFound: nothing is open there; AlreadyExists: it is this process's own; NotSupported: nothing that carries messages, or not in the
    /// direction that is needed.
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
                "two descriptors are two pipes, one to read and one to write",
                "One socket carries both ways: fd://3.")
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
                    ? "this process was given no sockets by a service manager (LISTEN_FDS, LISTEN_PID)"
                    : $"this process was given nothing of that name; there is {(names.Length == 0 ? "nothing with a name" : names)}",
                "A socket unit names what it opens by FileDescriptorName=.")
            {
                Address = address,
            },
            _ => throw new FairleadException(
                ErrorCode.NotSupported,
                $"this process was given {found.Length} sockets of that name",
                "Name one by its number: "
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
            : OneWay | TransportCapabilities.Duplex;
    }

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
                ? "It is for whoever starts this process to open it: ChildProcess with a Channel, fairlead spawn --channel, "
                    + "or the shell's redirections."
                : "Messages go over pipes and sockets.")
        {
            Address = address,
            Errno = kind is null ? (int)Errno.EBADF : null,
        };
    }

    /// <summary>What came over exec has no close-on-exec flag: everything that this process has opened itself has.</summary>
    private static Descriptor[] Inherit(int[] numbers, Address address)
    {
        foreach (int number in numbers)
        {
            if (NativePipe.IsClosedOnExec(number) is not false)
            {
                throw new FairleadException(
                    ErrorCode.AlreadyExists,
                    string.Create(CultureInfo.InvariantCulture, $"descriptor {number} is in use by this process itself"),
                    "An address opens once what was inherited, or one's end of a channel to a child (ChildProcess.Address).")
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
        // The kernel names the process that made a pair of sockets, at both of its ends: its user is right, its number mostly not.
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
                    $"descriptor {only.Number} is a socket that listens: it is bound to, and not connected to",
                    "Bind there.")
                {
                    Address = address,
                };
            }

            if (NativeSocket.TypeOf(only) != NativeSocketType.Stream)
            {
                throw new FairleadException(
                    ErrorCode.NotSupported,
                    $"descriptor {only.Number} is a socket of another type",
                    "Give a connected stream socket, or one that listens.")
                {
                    Address = address,
                };
            }

            _ = NativePipe.SetNonBlocking(only);
            return new StreamConnection(only, settings.Framing, OneWay | TransportCapabilities.Duplex, peer);
        }

        bool writes = taken.Length == 1 && settings.Pattern == PatternKind.Sender;
        Descriptor? source = writes ? null : taken[0];
        Descriptor? target = writes ? taken[0] : taken.Length == 2 ? taken[1] : null;
        Require(source, NativePipe.CanRead, "is the writing end of a pipe, and it is to be read", address);
        Require(target, NativePipe.CanWrite, "is the reading end of a pipe, and it is to be written", address);
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
                "Of two, fd://3,4, the first is read. Of one, a Sender writes, and a Receiver reads.")
            {
                Address = address,
            };
        }
    }

    /// <summary>
    /// Opens it once more where that goes: not to wait then holds for this connection, and not for others who have the same end, as a
    /// shell's pipe often has. Takes the old one over.
    /// </summary>
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
