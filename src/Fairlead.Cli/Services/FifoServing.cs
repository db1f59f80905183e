using Fairlead.Cli.Output;
using Fairlead.Diagnostics;

namespace Fairlead.Cli.Services;

/// <summary>
/// Clients at one FIFO, which leads one way, or at two, one client at a time. A FIFO does not tell its readers apart: two would take each
/// other's bytes. A client that was told the time reads to the end of the FIFO, so the server opens it again for the next client.
/// </summary>
internal sealed class FifoServing : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(100);

    private readonly WaitSet _set;
    private readonly Service _service;
    private readonly Action _served;
    private readonly bool _isDuplex;
    private readonly byte[] _lines = new byte[50 * Service.LineLength];
    private MessagingEndpoint _endpoint;
    private WaitAttachment? _attachment;
    private Readiness _interest;
    private byte[]? _held;
    private readonly string _path;
    private WaitAttachment? _reopening;
    private long? _comingSince;
    private long _closedAt;
    private bool _isShut;
    private int _line;

    /// <exception cref="ToolException">Usage: the service needs both directions.</exception>
    public FifoServing(WaitSet set, Service service, Address address, Action served)
    {
        (_set, _service, _served, Address) = (set, service, served, address);
        _isDuplex = address.Place.Contains(',');
        if (service.Echoes && !_isDuplex)
        {
            throw ToolException.Usage($"{address}: an echo needs two FIFOs, one for each direction: fifo://A,B");
        }

        _endpoint = Open();
        _path = _isDuplex ? "" : PathOf(address);
        Address = _endpoint.Address;
        WaitFor(service.Speaks ? Readiness.Readable | Readiness.Writable : Readiness.Readable);
    }

    public Address Address { get; }

    public void Dispose()
    {
        _attachment?.Dispose();
        _reopening?.Dispose();
        _endpoint.Dispose();
    }

    /// <summary>Returns the path as the kernel shows it.</summary>
    private static string PathOf(Address address)
    {
        string path = address.IsPath ? Path.GetFullPath(address.Place) : Path.Combine(FairleadDirectory.Runtime, "fifo", address.Place);
        string folder = Path.GetDirectoryName(path) ?? "/";
        string real = new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;
        return Path.Combine(real, Path.GetFileName(path));
    }

    private MessagingEndpoint Open() =>
        _isDuplex ? Pair.Bind(Address)
        : _service.Speaks ? Sender.Bind(Address)
        : Receiver.Bind(Address);

    private void WaitFor(Readiness interest)
    {
        if (_interest == interest && _attachment is { IsAttached: true })
        {
            return;
        }

        _attachment?.Dispose();
        _attachment = _set.Attach(_endpoint, interest, (Action)Go);
        _interest = interest;
    }

    private void Go()
    {
        Listen();
        if (_service.Kind == ServiceKind.Chargen)
        {
            while (TrySend(_lines.AsSpan(0, Service.WriteLines(_lines, ref _line))))
            {
            }
        }
        else if (_service.TellsTime && !IsComing())
        {
            Tell();
        }
    }

    private void Tell()
    {
        _comingSince = null;
        if (!TrySend(_service.Tell()))
        {
            return;
        }

        _attachment?.Dispose();
        _ = _endpoint.CloseAsync(Patience).AsTask().GetAwaiter().GetResult();
        _served();
        _closedAt = TimeProvider.System.GetTimestamp();
        _reopening = _set.AttachTimer(Pause, (Action)Reopen);
    }

    /// <summary>
    /// Returns whether the client is still opening the FIFO. The kernel lets the server write by then, but only a client that has the FIFO
    /// open shows when it closes it. Looks again later. A client that does not show, because it belongs to another user, is not kept for
    /// long.
    /// </summary>
    private bool IsComing()
    {
        long since = _comingSince ??= TimeProvider.System.GetTimestamp();
        if (_isDuplex || FifoReaders.Any(_path) == true || TimeProvider.System.GetElapsedTime(since) >= Patience)
        {
            WaitFor(_interest);
            return false;
        }

        _attachment?.Dispose();
        _reopening = _set.AttachTimer(Pause, (Action)Go);
        return true;
    }

    /// <summary>
    /// Opens the FIFO for the next client, when the last one has closed it. Otherwise that one would not see the end, and would read a
    /// second answer. A client that stays longer does not hold up the others.
    /// </summary>
    private void Reopen()
    {
        if (!_isDuplex && TimeProvider.System.GetElapsedTime(_closedAt) < Patience && FifoReaders.Any(_path) != false)
        {
            _reopening = _set.AttachTimer(Pause, (Action)Reopen);
            return;
        }

        try
        {
            _endpoint = Open();
        }
        catch (FairleadException exception)
        {
            // No descriptor is left, or another program has the FIFO. The clients of other addresses stay.
            if (!_isShut)
            {
                ErrorLine.Write($"clients have to wait: {exception.Message}");
                _isShut = true;
            }

            _reopening = _set.AttachTimer(LongPause, (Action)Reopen);
            return;
        }

        _isShut = false;
        WaitFor(_interest);
    }

    /// <summary>Takes what clients say; an echo goes back before more is taken.</summary>
    private void Listen()
    {
        while (true)
        {
            if (_held is not null)
            {
                if (!TrySend(_held))
                {
                    WaitFor(Readiness.Readable | Readiness.Writable);
                    return;
                }

                _held = null;
                _served();
            }

            if (!TryReceive(out Message message))
            {
                break;
            }

            using (message)
            {
                _held = _service.Echoes ? message.Span.ToArray() : null;
            }
        }

        if (!_service.Speaks)
        {
            WaitFor(Readiness.Readable);
        }
    }

    private bool TryReceive(out Message message)
    {
        message = default;
        return _endpoint switch
        {
            Pair pair => pair.TryReceive(out message),
            Receiver receiver => receiver.TryReceive(out message),
            _ => false,
        };
    }

    private bool TrySend(ReadOnlySpan<byte> bytes) =>
        _endpoint switch
        {
            Pair pair => pair.TrySend(bytes),
            Sender sender => sender.TrySend(bytes),
            _ => SendResult.NoPeer,
        } == SendResult.Sent;
}
