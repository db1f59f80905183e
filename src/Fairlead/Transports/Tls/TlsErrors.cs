using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;

namespace Fairlead.Transports.Tls;

/// <summary>Translates the errors of TLS into those of Fairlead, with advice.</summary>
internal static class TlsErrors
{
    /// <summary>The other end's certificate is not accepted.</summary>
    /// <param name="certificate">The certificate; null if it showed none.</param>
    /// <param name="chain">The chain that was built, with the reasons.</param>
    /// <param name="errors">The errors, of which there is at least one.</param>
    /// <param name="now">The current time.</param>
    /// <param name="host">The host that is expected; null at a server, which expects none.</param>
    public static FairleadException OfCertificate(
        X509Certificate2? certificate, X509Chain? chain, SslPolicyErrors errors, DateTimeOffset now, string? host)
    {
        string whose = host is null ? "client" : "server";
        if (certificate is null)
        {
            return Denied(
                $"the {whose} showed no certificate",
                "A client needs ?certificate=PATH&key=PATH, signed by an authority that the server trusts.");
        }

        string name = PeerCertificate.Of(certificate).Name;
        X509ChainStatusFlags flags = chain?.ChainStatus.Aggregate(
            X509ChainStatusFlags.NoError, static (all, one) => all | one.Status) ?? X509ChainStatusFlags.NoError;
        if ((flags & (X509ChainStatusFlags.UntrustedRoot | X509ChainStatusFlags.PartialChain)) != 0)
        {
            return Denied(
                $"the {whose}'s certificate ({name}) is signed by an authority that this side does not trust: "
                    + PlainText.OneLine(certificate.Issuer),
                "Name the authority with ?authority=PATH.");
        }

        if ((flags & X509ChainStatusFlags.NotTimeValid) != 0)
        {
            return OfTime(chain!, certificate, whose, now);
        }

        if ((errors & SslPolicyErrors.RemoteCertificateNameMismatch) != 0)
        {
            string[] names = PeerCertificate.NamesOf(certificate);
            return Denied(
                $"the server's certificate is for {(names.Length > 0 ? string.Join(", ", names) : name)}, and not for {host}",
                "Connect to a name that it has, or expect one of them with ?servername=.");
        }

        if ((flags & X509ChainStatusFlags.NotValidForUsage) != 0)
        {
            return Denied($"the {whose}'s certificate ({name}) is not made for a {whose}", $"Make a certificate for a {whose}.");
        }

        string reasons = chain is null
            ? errors.ToString()
            : string.Join("; ", chain.ChainStatus.Select(static one => one.StatusInformation));
        return Denied($"the {whose}'s certificate ({name}) is not valid: {PlainText.OneLine(reasons)}", "Make a new certificate.");
    }

    /// <summary>The handshake failed for another reason than the certificate.</summary>
    /// <param name="exception">What <c>SslStream</c> threw.</param>
    /// <param name="records">The stream under it.</param>
    /// <param name="isServer">Whether this end listens.</param>
    public static FairleadException OfHandshake(Exception exception, RecordStream records, bool isServer)
    {
        string other = isServer ? "client" : "server";
        string text = Innermost(exception);
        if (records.HasForeignStart)
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"the {other} does not speak TLS",
                isServer ? "Connect with tls://." : "It may listen at tcp://. Bind it with tls://, or connect without TLS.",
                exception);
        }

        if (Says(text, "protocol version") || Says(text, "unsupported protocol"))
        {
            return new FairleadException(
                ErrorCode.Incompatible,
                $"the {other} does not offer TLS 1.3",
                "Fairlead speaks TLS 1.3 only. Update the other end, or its settings.",
                exception);
        }

        if (OfAlert(text, other, exception) is { } alert)
        {
            return alert;
        }

        return records.HasEnded
            ? new FairleadException(
                ErrorCode.PeerGone,
                $"the {other} ended the connection during the TLS handshake",
                isServer
                    ? "It may not trust this server's certificate. Its own error says why."
                    : "It may listen without TLS, or be stopping. Its own log says why.",
                exception)
            : new FairleadException(
                ErrorCode.Failed, $"the TLS handshake with the {other} failed: {text}", "The inner exception says more.", exception);
    }

    /// <summary>The handshake took too long.</summary>
    public static FairleadException OfTime(TimeSpan limit) =>
        new(
            ErrorCode.Timeout,
            string.Create(CultureInfo.InvariantCulture, $"the TLS handshake was not complete within {limit.TotalSeconds:0.###} s"),
            "The peer may be stopped, or may not speak TLS.");

    /// <summary>The connection failed when it was in use.</summary>
    public static FairleadException DuringUse(Exception exception)
    {
        string text = Innermost(exception);
        return OfAlert(text, "peer", exception) ?? new FairleadException(
            ErrorCode.Corrupt,
            $"the peer's bytes do not belong to its TLS connection: {text}",
            "They were altered on the way, or the peer is faulty.",
            exception);
    }

    /// <summary>The peer says that it does not speak TLS: its first bytes are something else.</summary>
    public static FairleadException Plain() =>
        new(ErrorCode.Incompatible, "this address speaks TLS, and the client does not", "Connect with tls://.");

    private static FairleadException? OfAlert(string text, string other, Exception exception)
    {
        if (!Says(text, "alert"))
        {
            return null;
        }

        if (Says(text, "certificate required"))
        {
            return Denied(
                $"the {other} demands a certificate",
                "Connect with ?certificate=PATH&key=PATH, signed by an authority that the server trusts.",
                exception);
        }

        if (Says(text, "unknown ca"))
        {
            return Denied(
                $"the {other} does not trust the authority that signed this end's certificate",
                "Name it there with ?authority=PATH.",
                exception);
        }

        if (Says(text, "certificate expired"))
        {
            return Denied($"the {other} says that this end's certificate has expired", "Make a new certificate.", exception);
        }

        return Says(text, "certificate") || Says(text, "access denied") || Says(text, "unknown issuer")
            ? Denied($"the {other} did not accept this end's certificate", "The other end's own error says why.", exception)
            : new FairleadException(
                ErrorCode.Incompatible,
                $"the {other} ended the connection with a TLS alert: {text}",
                "Its own log may say why.",
                exception);
    }

    private static FairleadException OfTime(X509Chain chain, X509Certificate2 certificate, string whose, DateTimeOffset now)
    {
        X509Certificate2 culprit = chain.ChainElements
            .Select(static element => element.Certificate)
            .FirstOrDefault(one => now.LocalDateTime < one.NotBefore || now.LocalDateTime > one.NotAfter) ?? certificate;
        string which = culprit.Thumbprint == certificate.Thumbprint
            ? $"the {whose}'s certificate ({PeerCertificate.Of(certificate).Name})"
            : $"the authority {PeerCertificate.Of(culprit).Name} of the {whose}'s certificate";
        bool isEarly = now.LocalDateTime < culprit.NotBefore;
        string when = (isEarly ? culprit.NotBefore : culprit.NotAfter).ToUniversalTime().ToString("u", CultureInfo.InvariantCulture);
        return isEarly
            ? Denied($"{which} is not valid before {when}", "Check the clocks of both machines.")
            : Denied($"{which} expired at {when}", "Make a new certificate; a running server takes it without a restart.");
    }

    private static FairleadException Denied(string what, string remedy, Exception? cause = null) =>
        new(ErrorCode.PermissionDenied, what, remedy, cause);

    private static bool Says(string text, string word) => text.Contains(word, StringComparison.OrdinalIgnoreCase);

    private static string Innermost(Exception exception)
    {
        Exception inner = exception;
        while (inner.InnerException is { } next)
        {
            inner = next;
        }

        return PlainText.OneLine(inner.Message);
    }
}
