using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Fairlead.Framing;
using Fairlead.Native;
using Fairlead.Native.Waiting;
using Fairlead.Transports.Tcp;

namespace Fairlead.Transports.Tls;

/// <summary>The TLS handshake of one connection, on either side.</summary>
/// <remarks>
/// It comes before Fairlead's own and has the same time. A server accepts any certificate within TLS, and refuses a client whose
/// certificate it does not accept in Fairlead's handshake: in TLS 1.3 a client has finished before the server looks at its certificate, and
/// could only be cut off. A client that does not accept the server says so in the same way, and goes: the platform sends no alert for it.
/// </remarks>
internal sealed class TlsHandshake
{
    private const byte HandshakeRecord = 0x16;

    private readonly Address _address;
    private readonly EndpointSettings _settings;
    private readonly IPEndPoint _remote;
    private readonly string? _host;
    private readonly bool _demandsCertificate;
    private FairleadException? _refusal;
    private PeerCertificate? _certificate;

    private TlsHandshake(Address address, EndpointSettings settings, IPEndPoint remote, string? host, bool demandsCertificate)
    {
        _demandsCertificate = demandsCertificate;
        _address = address;
        _settings = settings;
        _remote = remote;
        _host = host;
    }

    /// <summary>Performs the client's part.</summary>
    /// <param name="socket">The connected socket. Owned by the result, or by the caller if this throws.</param>
    /// <param name="remote">The address of the server.</param>
    /// <param name="address">The address that was connected to.</param>
    /// <param name="identity">This end's certificates.</param>
    /// <param name="settings">The settings of the endpoint.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="FairleadException">
    /// PermissionDenied: a certificate was not accepted. Incompatible: no TLS 1.3. PeerGone. Timeout.
    /// </exception>
    public static async ValueTask<StreamConnection> ConnectAsync(
        Descriptor socket,
        IPEndPoint remote,
        Address address,
        TlsIdentity identity,
        EndpointSettings settings,
        CancellationToken cancellationToken)
    {
        string host = TlsTransport.ServerNameOf(address);
        TlsHandshake handshake = new(address, settings, remote, host, demandsCertificate: true);
        SslClientAuthenticationOptions options = new()
        {
            TargetHost = host,
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            ClientCertificateContext = identity.Own,
            CertificateChainPolicy = identity.Policy(),
            RemoteCertificateValidationCallback = handshake.Verify,
        };
        using CancellationTokenSource limit = handshake.Limit();
        return await handshake.RunAsync(
            socket,
            isServer: false,
            (tls, token) => tls.AuthenticateAsClientAsync(options, token),
            limit,
            cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Performs the server's part.</summary>
    /// <remarks>
    /// With Fairlead's framing, the result may be a connection that refuses its client in Fairlead's handshake. A client without Fairlead
    /// could not be told, and is refused here.
    /// </remarks>
    /// <param name="socket">The accepted socket. Owned by the result, or by the caller if this throws.</param>
    /// <param name="remote">The address of the client.</param>
    /// <param name="address">The bound address.</param>
    /// <param name="identity">This end's certificates.</param>
    /// <param name="settings">The settings of the endpoint.</param>
    /// <param name="cancellationToken">Ends the handshake.</param>
    /// <exception cref="FairleadException">PermissionDenied, Incompatible, PeerGone, Timeout, Failed.</exception>
    public static async Task<StreamConnection> AcceptAsync(
        Descriptor socket,
        IPEndPoint remote,
        Address address,
        TlsIdentity identity,
        EndpointSettings settings,
        CancellationToken cancellationToken)
    {
        TlsHandshake handshake = new(address, settings, remote, host: null, identity.Authorities is not null);
        return await handshake.AcceptAsync(socket, identity, cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<StreamConnection> AcceptAsync(Descriptor socket, TlsIdentity identity, CancellationToken cancellationToken)
    {
        TcpPort.SetForMessages(socket, _settings);

        // One limit for both: a client that sends its first byte late has only the rest of the time.
        using CancellationTokenSource limit = Limit();
        using (CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            try
            {
                if (await StartsPlainlyAsync(socket, linked.Token).ConfigureAwait(false))
                {
                    _refusal = TlsErrors.Plain().At(_address);
                    return _settings.IsForeign ? throw _refusal : Wrap(new SocketChannel(socket, _settings.Linger), socket);
                }
            }
            catch (OperationCanceledException) when (limit.IsCancellationRequested)
            {
                throw TlsErrors.OfTime(_settings.HandshakeTimeout).At(_address);
            }
        }

        SslServerAuthenticationOptions options = new()
        {
            EnabledSslProtocols = SslProtocols.Tls13,
            AllowTlsResume = false,
            ServerCertificateContext = identity.Own,
            ClientCertificateRequired = _demandsCertificate,
            CertificateChainPolicy = identity.Policy(),
            RemoteCertificateValidationCallback = Verify,
        };
        return await RunAsync(
            socket,
            isServer: true,
            (tls, token) => tls.AuthenticateAsServerAsync(options, token),
            limit,
            cancellationToken).ConfigureAwait(false);
    }

    private async ValueTask<StreamConnection> RunAsync(
        Descriptor socket,
        bool isServer,
        Func<SslStream, CancellationToken, Task> authenticate,
        CancellationTokenSource limit,
        CancellationToken cancellationToken)
    {
        RecordStream records = new(socket);
        SslStream tls = new(records, leaveInnerStreamOpen: false);
        using (CancellationTokenSource linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token))
        {
            try
            {
                await authenticate(tls, linked.Token).ConfigureAwait(false);
                if (_refusal is not null && !isServer)
                {
                    await TellServerAsync(tls, _refusal, linked.Token).ConfigureAwait(false);
                    throw _refusal;
                }

                return Wrap(new TlsChannel(socket, records, tls, _settings.Linger), socket);
            }
            catch (Exception exception)
            {
                await tls.DisposeAsync().ConfigureAwait(false);
                if (exception is OperationCanceledException)
                {
                    throw limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested
                        ? TlsErrors.OfTime(_settings.HandshakeTimeout).At(_address)
                        : exception;
                }

                if (exception is FairleadException or OutOfMemoryException)
                {
                    throw;
                }

                throw (_refusal ?? TlsErrors.OfHandshake(exception, records, isServer)).At(_address);
            }
        }
    }

    /// <summary>Tells a server with Fairlead's framing why this client goes. It sends nothing else.</summary>
    private async ValueTask TellServerAsync(SslStream tls, FairleadException refusal, CancellationToken cancellationToken)
    {
        try
        {
            if (!_settings.IsForeign)
            {
                Handshake last = new() { Pattern = _settings.Pattern, Error = refusal.Code, Text = refusal.WhatHappened };
                await tls.WriteAsync(Frame(Handshake.HeaderOf(MessageKind.Refuse), last.Encode()), cancellationToken).ConfigureAwait(false);
            }

            await tls.ShutdownAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // It has gone itself.
        }
    }

    private static byte[] Frame(MessageHeader header, byte[] body)
    {
        byte[] frame = new byte[MessageHeader.Size + body.Length];
        header = header with { Length = body.Length };
        header.Write(frame);
        body.CopyTo(frame, MessageHeader.Size);
        return frame;
    }

    /// <summary>Decides about the other end's certificate.</summary>
    private bool Verify(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        X509Certificate2? shown = certificate as X509Certificate2;
        if (errors == SslPolicyErrors.None || (shown is null && !_demandsCertificate))
        {
            _certificate = shown is null ? null : PeerCertificate.Of(shown);
            return true;
        }

        // A peer with Fairlead's framing is told, and then refused. Any other is refused here.
        _refusal = TlsErrors.OfCertificate(shown, chain, errors, _settings.Time.GetUtcNow(), _host).At(_address);
        return !_settings.IsForeign;
    }

    private StreamConnection Wrap(ByteChannel channel, Descriptor socket)
    {
        try
        {
            return new StreamConnection(
                _refusal is null ? channel : new RefusingChannel(channel, _refusal),
                _settings.Framing,
                TlsTransport.Capabilities,
                new Peer
                {
                    RemoteAddress = _remote.ToString(),
                    LocalAddress = HostAddresses.LocalOf(socket),
                    Certificate = _certificate,
                });
        }
        catch
        {
            channel.Dispose();
            throw;
        }
    }

    /// <summary>Returns a source that is cancelled when the time of the handshake has passed.</summary>
    private CancellationTokenSource Limit() => new(_settings.HandshakeTimeout, _settings.Time);

    /// <summary>Returns whether the client's first byte is none of TLS. Leaves the byte where it is.</summary>
    private static async ValueTask<bool> StartsPlainlyAsync(Descriptor socket, CancellationToken cancellationToken)
    {
        byte[] first = new byte[1];
        while (true)
        {
            IoResult result = socket.Peek(first);
            if (!result.WouldBlock)
            {
                return result.Ok && !result.IsEnd && first[0] != HandshakeRecord;
            }

            await ReactorWait.UntilAsync(socket, PollEvents.Read, cancellationToken).ConfigureAwait(false);
        }
    }
}
