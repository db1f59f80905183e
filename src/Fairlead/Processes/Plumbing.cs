using System.Globalization;
using System.Runtime.InteropServices;
using Fairlead.Native;
using Fairlead.Native.Files;
using Fairlead.Native.Processes;
using Fairlead.Native.Sockets;

namespace Fairlead.Processes;

/// <summary>
/// The descriptors for a child, and the ends of them that stay here. Dispose it after the start, whether it succeeded or not: it closes
/// what was not taken.
/// </summary>
internal sealed class Plumbing : IDisposable
{
    private const int FirstOfChannel = 3;

    // Shells redirect descriptors of one digit only.
    private const int LastOfShell = 9;

    private readonly List<(Descriptor Source, int Target)> _given = [];
    private readonly List<Descriptor> _kept = [];
    private readonly DescriptorStream?[] _streams = new DescriptorStream?[3];

    private Plumbing()
    {
    }

    /// <summary>The descriptors for the child, by number.</summary>
    public IReadOnlyList<(Descriptor Source, int Target)> Given => _given;

    /// <summary>The value of <see cref="Inherited.Variable"/> for the child, or null.</summary>
    public string? Channel { get; private set; }

    /// <summary>The number, in the child, of the file for its identity; null: none.</summary>
    public int? Identity { get; private set; }

    public static Plumbing Lay(ChildProcessOptions options)
    {
        Plumbing plumbing = new();
        try
        {
            plumbing.Redirect(0, options.StandardInput);
            plumbing.Redirect(1, options.StandardOutput);
            plumbing.Redirect(2, options.StandardError);
            plumbing.LayChannel(options.Channel);
            foreach ((int target, SafeHandle handle) in options.Descriptors)
            {
                if (target < FirstOfChannel || plumbing._given.Exists(given => given.Target == target))
                {
                    throw new ArgumentException(
                        string.Create(
                            CultureInfo.InvariantCulture,
                            $"The number {target} belongs to a standard stream or the channel: use {FirstOfChannel + 2} or higher."),
                        nameof(options));
                }

                plumbing._given.Add((Redirection.CopyOf(handle), target));
            }

            plumbing.GiveIdentity(options.IdentityFile);
            return plumbing;
        }
        catch
        {
            plumbing.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Takes this side's ends of the channel, offered to the opener of the address. <see cref="OfferedDescriptors.Withdraw"/> releases
    /// them.
    /// </summary>
    public Descriptor[] TakeChannel(int child, out Address? address)
    {
        Descriptor[] ends = [.. _kept];
        _kept.Clear();
        foreach (Descriptor end in ends)
        {
            OfferedDescriptors.Offer(end, child);
        }

        address = ends.Length == 0
            ? null
            : Address.Parse($"fd://{string.Join(',', ends.Select(static end => end.Number.ToString(CultureInfo.InvariantCulture)))}");
        return ends;
    }

    public (DescriptorStream? Input, DescriptorStream? Output, DescriptorStream? Errors) TakeStreams()
    {
        var taken = (_streams[0], _streams[1], _streams[2]);
        Array.Clear(_streams);
        return taken;
    }

    public void Dispose()
    {
        foreach ((Descriptor source, _) in _given)
        {
            source.Dispose();
        }

        foreach (Descriptor kept in _kept)
        {
            kept.Dispose();
        }

        foreach (DescriptorStream? stream in _streams)
        {
            stream?.Dispose();
        }
    }

    private void Redirect(int number, Redirection redirection)
    {
        bool isInput = number == 0;
        if (redirection == Redirection.Pipe)
        {
            (Descriptor reader, Descriptor writer) = NativePipe.Create();
            _given.Add((isInput ? reader : writer, number));
            Descriptor own = isInput ? writer : reader;
            _ = NativePipe.SetNonBlocking(own);
            _streams[number] = new DescriptorStream(own, canWrite: isInput);
        }
        else if (redirection == Redirection.ToOutput)
        {
            if (number != 2)
            {
                throw new ArgumentException("Only standard error can be redirected to standard output.", nameof(redirection));
            }

            int output = _given.FindIndex(static given => given.Target == 1);
            _given.Add((output < 0 ? CopyOf(1) : CopyOf(_given[output].Source.Number), number));
        }
        else if (redirection.Open(isInput) is { } opened)
        {
            _given.Add((opened, number));
        }
    }

    private void LayChannel(ChannelKind kind)
    {
        switch (kind)
        {
            case ChannelKind.None:
                return;
            case ChannelKind.Duplex:
                (Descriptor own, Descriptor childs) = NativeSocket.Pair(NativeSocketType.Stream);
                _kept.Add(own);
                Give(childs);

                // Programs that do not know Fairlead expect blocking reads.
                _ = NativePipe.SetNonBlocking(childs, isSet: false);
                break;
            case ChannelKind.ToChild:
                LayToChild();
                break;
            case ChannelKind.FromChild:
                LayFromChild();
                break;
            case ChannelKind.Pipes:
                // Each side lists its read end first: the child's first is this side's second.
                LayToChild();
                LayFromChild();
                _kept.Reverse();
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "The kind of channel is unknown.");
        }

        Channel = string.Join(
            ',',
            _given
                .Where(static given => given.Target >= FirstOfChannel)
                .Select(static given => given.Target.ToString(CultureInfo.InvariantCulture)));
    }

    private void LayToChild()
    {
        (Descriptor reader, Descriptor writer) = NativePipe.Create();
        Give(reader);
        Keep(writer);
    }

    private void LayFromChild()
    {
        (Descriptor reader, Descriptor writer) = NativePipe.Create();
        Give(writer);
        Keep(reader);
    }

    private void Give(Descriptor descriptor) =>
        _given.Add((descriptor, FirstOfChannel + _given.Count(static given => given.Target >= FirstOfChannel)));

    private void GiveIdentity(SafeHandle? file)
    {
        if (file is null)
        {
            return;
        }

        int target = LastOfShell;
        while (_given.Exists(given => given.Target == target))
        {
            target--;
        }

        if (target < FirstOfChannel)
        {
            throw new ArgumentException(
                "The identity file needs a free number from 3 to 9 in the child: give other descriptors numbers from 10.");
        }

        _given.Add((Redirection.CopyOf(file), target));
        Identity = target;
    }

    private void Keep(Descriptor descriptor)
    {
        _ = NativePipe.SetNonBlocking(descriptor);
        _kept.Add(descriptor);
    }

    private static Descriptor CopyOf(int number) =>
        NativeSpawn.Duplicate(number, 0, out Errno error) ?? throw ErrnoMap.Failure("standard output cannot be passed to a child", error);
}
