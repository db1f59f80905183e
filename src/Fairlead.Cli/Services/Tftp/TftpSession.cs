using System.Globalization;
using System.Net;

namespace Fairlead.Cli.Services.Tftp;

/// <summary>A transfer with its socket, whose port identifies the transfer to the client.</summary>
/// <remarks>The socket is connected: the kernel refuses datagrams of any other address.</remarks>
internal sealed class TftpSession : IDisposable
{
    private const string ClosedPort = "the client has closed its port";

    private static readonly EndpointOptions Options = new()
    {
        MaxMessageBytes = TftpPacket.LongestReceived,
        MaxUnreadBytes = 64 * 1024,
    };

    private readonly Pair _pair;
    private readonly TftpTransfer _transfer;
    private WaitAttachment? _attachment;
    private string? _loss;

    /// <summary>Opens a socket for a transfer.</summary>
    /// <param name="client">The client, as <c>10.0.0.7:1234</c>.</param>
    /// <param name="local">The address and port that the client asked; the transfer has the same address.</param>
    /// <param name="request">The text of <see cref="Request"/>.</param>
    /// <param name="content">The file, which the session disposes.</param>
    /// <exception cref="FairleadException">No socket can be opened. The caller then disposes the content.</exception>
    public TftpSession(string client, string? local, string request, TftpContent content)
    {
        // The scope of a link-local address stands behind a percent sign.
        var address = Address.Parse($"udp://{client.Replace("%", "%25", StringComparison.Ordinal)}?framing=none");
        if (AskedHost(local) is { } asked)
        {
            address = address.With("local", asked.ToString());
        }

        _pair = Pair.Connect(address, Options);
        (Client, Request, _transfer) = (client, request, new TftpTransfer(content));
    }

    public string Client { get; }

    /// <summary>The requested name and mode: a second request with the same text is one that was sent twice.</summary>
    public string Request { get; }

    public TimeSpan Deadline => _transfer.Deadline;

    public bool IsOver => _loss is not null || _transfer.IsOver;

    public bool IsLastSent => _transfer.IsLastSent;

    public bool IsDisposed { get; private set; }

    /// <summary>The end in words.</summary>
    public string Report => Failure is { } failure
        ? $"{Client}: {Request} ended after {Bytes}: {failure}"
        : $"{Client}: {Request}, {Bytes}";

    private string? Failure => _loss ?? _transfer.Failure;

    private string Bytes => string.Create(CultureInfo.InvariantCulture, $"{_transfer.Acknowledged:N0} bytes");

    /// <summary>Adds the transfer to a wait set.</summary>
    public void AttachTo(WaitSet set, Action ready) => _attachment = set.Attach(_pair, state: ready);

    public void Begin() => SendIf(_transfer.Begin(Now()));

    /// <summary>Receives the packets that have arrived, or waits for one until the deadline or the timeout.</summary>
    public void Go(TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            while (!IsOver && _pair.TryReceive(timeout, out var message, cancellationToken))
            {
                using (message)
                {
                    SendIf(_transfer.Receive(message.Span, Now()));
                    message.Accept();
                }

                timeout = TimeSpan.Zero;
            }
        }
        catch (FairleadException exception)
        {
            Lose(exception.Code == ErrorCode.PeerGone ? ClosedPort : exception.WhatHappened);
        }
    }

    /// <summary>Sends the block again whose time is over.</summary>
    public void OnTime() => SendIf(_transfer.OnTime(Now()));

    /// <summary>Serves this client until its end, in the caller's thread.</summary>
    public void Run(CancellationToken cancellationToken)
    {
        Begin();
        while (!IsOver)
        {
            Go(Until(Deadline), cancellationToken);
            OnTime();
        }
    }

    public void Dispose()
    {
        IsDisposed = true;
        _attachment?.Dispose();
        _pair.Dispose();
        _transfer.Dispose();
    }

    /// <summary>The time on the clock of the deadlines.</summary>
    public static TimeSpan Now() => TimeProvider.System.GetElapsedTime(0);

    /// <summary>Returns the time until a deadline, at least zero.</summary>
    public static TimeSpan Until(TimeSpan deadline) => deadline - Now() is { Ticks: > 0 } left ? left : TimeSpan.Zero;

    /// <summary>Returns the address that the client asked; null if the kernel does not report it.</summary>
    private static IPAddress? AskedHost(string? local) =>
        local is not null
        && IPEndPoint.Parse(local).Address is var asked
        && !asked.Equals(IPAddress.Any)
        && !asked.Equals(IPAddress.IPv6Any)
            ? asked
            : null;

    /// <summary>Sends the packet of the transfer. If the network does not take it, it is lost like any other.</summary>
    private void SendIf(bool isNeeded)
    {
        if (isNeeded && _pair.TrySend(_transfer.Packet.Span) == SendResult.PeerGone)
        {
            Lose(ClosedPort);
        }
    }

    /// <summary>Ends the transfer early. After its end, the loss of the client means nothing.</summary>
    private void Lose(string why) => _loss = _transfer.IsOver ? null : why;
}
