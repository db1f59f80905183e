using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Tests.Conformance;

/// <summary>
/// Carries raw bytes between a socket and a TLS connection: a test may speak Fairlead's protocol by hand over it, as over TCP.
/// </summary>
internal static class TlsBridge
{
    /// <summary>Returns a socket that reaches a bound endpoint.</summary>
    public static Socket Connect(Address bound)
    {
        using Socket listener = Listen(out IPEndPoint place);
        Socket near = Reach(place);
        Socket far = Reach(new IPEndPoint(IPAddress.Loopback, bound.Port!.Value));
        SslStream tls = new(new YieldingStream(far), leaveInnerStreamOpen: false);
        tls.AuthenticateAsClient(new SslClientAuthenticationOptions
        {
            TargetHost = "localhost",
            EnabledSslProtocols = SslProtocols.Tls13,
            ClientCertificates = [Own()],
            CertificateChainPolicy = Policy(),
        });
        Carry(listener.Accept(), far, tls);
        return near;
    }

    /// <summary>Returns a listening socket, and the address that leads to it.</summary>
    public static (Socket Listener, Address Address) ListenEncrypted()
    {
        Socket outer = Listen(out IPEndPoint target);
        Socket front = Listen(out IPEndPoint place);
        Bridging.Start(() => Accept(front, target));
        return (outer, $"tls://127.0.0.1:{place.Port}");
    }

    private static void Accept(Socket front, IPEndPoint target)
    {
        while (true)
        {
            SslStream? tls = null;
            Socket far = front.Accept();
            try
            {
                tls = new SslStream(new YieldingStream(far), leaveInnerStreamOpen: false);
                tls.AuthenticateAsServer(new SslServerAuthenticationOptions
                {
                    ServerCertificate = Own(),
                    EnabledSslProtocols = SslProtocols.Tls13,
                });
                Carry(Reach(target), far, tls);
            }
            catch (Exception gone) when (Bridging.WasCut(gone))
            {
                // The test no longer listens, or its client has left.
                tls?.Dispose();
                far.Dispose();
            }
        }
    }

    private static void Carry(Socket near, Socket far, SslStream tls)
    {
        int open = 2;
        Bridging.Start(Up);
        Bridging.Start(Down);

        void Up()
        {
            byte[] buffer = new byte[16 * 1024];
            try
            {
                for (int count; (count = near.Receive(buffer)) > 0;)
                {
                    tls.Write(buffer, 0, count);
                }

                lock (far)
                {
                    tls.ShutdownAsync().GetAwaiter().GetResult();
                }

                far.Shutdown(SocketShutdown.Send);
            }
            catch (Exception gone) when (Bridging.WasCut(gone))
            {
                // The test has cut it, or its peer has. The thread that reads the other side sees that, too.
                far.Close(0);
            }

            Leave();
        }

        void Down()
        {
            byte[] buffer = new byte[16 * 1024];
            try
            {
                for (int count; (count = Decrypt(buffer)) > 0;)
                {
                    near.Send(buffer, 0, count, SocketFlags.None);
                }

                near.Shutdown(SocketShutdown.Send);
            }
            catch (Exception gone) when (Bridging.WasCut(gone))
            {
                near.Close(0);
            }

            Leave();
        }

        int Decrypt(byte[] buffer)
        {
            lock (far)
            {
                return tls.Read(buffer, 0, buffer.Length);
            }
        }

        void Leave()
        {
            if (Interlocked.Decrement(ref open) == 0)
            {
                near.Dispose();
                tls.Dispose();
            }
        }
    }

    private static X509Certificate2 Own()
    {
        _ = TrialCertificates.OfRun;
        return X509Certificate2.CreateFromPemFile(
            Environment.GetEnvironmentVariable("FAIRLEAD_TLS_CERTIFICATE")!, Environment.GetEnvironmentVariable("FAIRLEAD_TLS_KEY")!);
    }

    private static X509ChainPolicy Policy() => new()
    {
        RevocationMode = X509RevocationMode.NoCheck,
        TrustMode = X509ChainTrustMode.CustomRootTrust,
        CustomTrustStore = { X509CertificateLoader.LoadCertificateFromFile(TrialCertificates.OfRun.Authority) },
    };

    private static Socket Reach(IPEndPoint place)
    {
        // A buffer of fixed size: otherwise the kernel accepts unread data without a practical limit.
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp)
        {
            NoDelay = true,
            ReceiveBufferSize = 128 * 1024,
        };
        socket.Connect(place);
        return socket;
    }

    private static Socket Listen(out IPEndPoint place)
    {
        Socket listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen(64);
        place = (IPEndPoint)listener.LocalEndPoint!;
        return listener;
    }

    /// <summary>
    /// The stream of a socket that is locked while TLS works on what it has read: <c>SslStream</c> must not end its sending then, and does
    /// not see to that itself.
    /// </summary>
    private sealed class YieldingStream(Socket socket) : NetworkStream(socket)
    {
        public override int Read(Span<byte> buffer)
        {
            if (!Monitor.IsEntered(Socket))
            {
                return base.Read(buffer);
            }

            Monitor.Exit(Socket);
            try
            {
                return base.Read(buffer);
            }
            finally
            {
                Monitor.Enter(Socket);
            }
        }
    }
}
