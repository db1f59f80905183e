using System.Net.Sockets;
using System.Security.Authentication;
using RabbitMQ.Client.Events;
using RabbitMQ.Client.Exceptions;

namespace Fairlead.RabbitMQ;

/// <summary>Translates the errors of the broker and its client. No text contains a password.</summary>
internal static class BrokerErrors
{
    /// <summary>Returns the error of a node that could not be reached, or that refused the connection.</summary>
    public static FairleadException OfConnecting(Exception problem, BrokerAddress broker, BrokerNode node, TimeSpan limit)
    {
        Exception cause = Innermost(problem);
        return cause switch
        {
            FairleadException known => known,
            AuthenticationFailureException or PossibleAuthenticationFailureException => new FairleadException(
                ErrorCode.PermissionDenied,
                $"the broker at {node} refused the user '{broker.Credentials.User}' or the password",
                "Write amqp://user:password@host, or name a file that contains user:password: ?credentials=PATH.",
                problem)
            {
                Address = broker.Address,
            },
            OperationInterruptedException { ShutdownReason: { } reason } => OfShutdown(reason, broker, problem),
            _ when broker.Address.Scheme == "amqps" && EndsEncryption(problem) => OfRefusedCertificate(problem, broker, node),
            SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain } =>
                new FairleadException(ErrorCode.NotFound, $"the host '{node.Host}' is unknown", "Check the address.", problem)
                {
                    Address = broker.Address,
                },
            SocketException refused => new FairleadException(
                ErrorCode.NotFound,
                $"no broker listens at {node} ({refused.Message})",
                "Start RabbitMQ there, or connect with ?wait=.",
                problem)
            {
                Address = broker.Address,
            },
            AuthenticationException => new FairleadException(
                ErrorCode.PermissionDenied,
                $"the certificate of {node} is not trusted: {cause.Message}",
                "Name the authority that issued it: ?authority=PATH.",
                problem)
            {
                Address = broker.Address,
            },
            ProtocolVersionMismatchException or PacketNotRecognizedException or MalformedFrameException => new FairleadException(
                ErrorCode.Incompatible, $"{node} does not speak AMQP 0-9-1", "Check host and port.", problem)
            {
                Address = broker.Address,
            },
            TimeoutException or OperationCanceledException => OfSilence(problem, broker, node.ToString(), limit),
            _ => new FairleadException(
                ErrorCode.Unavailable,
                $"the broker at {node} cannot be reached: {cause.Message}",
                "Connect with ?wait= to try again.",
                problem)
            {
                Address = broker.Address,
            },
        };
    }

    /// <summary>Returns the error of a node that has not answered in time.</summary>
    public static FairleadException OfSilence(Exception problem, BrokerAddress broker, string node, TimeSpan limit) => new(
        ErrorCode.Timeout,
        $"the broker at {node} did not answer within {SecondsText.Of(limit)}",
        "Check host and port, and whether the broker is overloaded or stopped; EndpointOptions.HandshakeTimeout is the limit.",
        problem)
    {
        Address = broker.Address,
    };

    /// <summary>Returns the error of an operation on a connection to the broker.</summary>
    public static FairleadException Of(Exception problem, BrokerAddress broker) => problem switch
    {
        FairleadException known => known,
        OperationInterruptedException { ShutdownReason: { } reason } => OfShutdown(reason, broker, problem),
        _ => new FairleadException(ErrorCode.Unavailable, $"the connection to the broker failed: {problem.Message}", null, problem)
        {
            Address = broker.Address,
        },
    };

    /// <summary>Returns the error of a channel or connection that the broker closed.</summary>
    public static FairleadException OfShutdown(ShutdownEventArgs reason, BrokerAddress broker, Exception? problem = null)
    {
        (ErrorCode code, string what, string? remedy) = BrokerRefusal.Of(reason.ReplyCode, reason.ReplyText, broker);
        return new FairleadException(code, what, remedy, problem) { Address = broker.Address };
    }

    /// <summary>Whether the broker itself failed at what was asked, or closed a connection because of another endpoint on it.</summary>
    public static bool IsInternal(FairleadException problem) =>
        problem.InnerException is OperationInterruptedException { ShutdownReason.ReplyCode: BrokerRefusal.InternalError };

    /// <summary>Whether trying again may help, because the error is about the connection and not about what was asked.</summary>
    /// <remarks>A refused certificate may be renewed, and a broker that is stopped during the handshake looks alike.</remarks>
    public static bool IsPassing(FairleadException problem) =>
        problem.Code is ErrorCode.NotFound or ErrorCode.Unavailable or ErrorCode.Timeout or ErrorCode.PeerGone or ErrorCode.Failed
        || (problem.InnerException is { } inner && EndsEncryption(inner));

    /// <summary>Whether the broker ended an encrypted connection that it had taken.</summary>
    /// <remarks>
    /// In TLS 1.3 the broker looks at a certificate when this end is done with the handshake. Its alert may arrive, or the end alone. The
    /// errors of this end's own verification have no inner exception.
    /// </remarks>
    private static bool EndsEncryption(Exception problem) => IsOfEncryption(problem) || Innermost(problem) is
        SocketException { SocketErrorCode: SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown }
        or EndOfStreamException
        or AuthenticationException { InnerException: not null };

    /// <summary>Whether decryption failed, as it does at an alert.</summary>
    /// <remarks>The inner exception is of a type that only the base library has.</remarks>
    private static bool IsOfEncryption(Exception problem)
    {
        for (Exception? at = problem; at is not null; at = at.InnerException)
        {
            if (at is IOException
                && at.InnerException is not (null or IOException or SocketException or OperationCanceledException
                    or ObjectDisposedException or TimeoutException))
            {
                return true;
            }
        }

        return false;
    }

    private static FairleadException OfRefusedCertificate(Exception problem, BrokerAddress broker, BrokerNode node) =>
        BrokerCertificates.HasOwn(broker.Address)
            ? new FairleadException(
                ErrorCode.PermissionDenied,
                $"the broker at {node} ended the connection during the TLS handshake; it may not accept the certificate of this end",
                "Name a certificate that is valid, and signed by an authority that the broker trusts: ?certificate=PATH&key=PATH.",
                problem)
            {
                Address = broker.Address,
            }
            : new FairleadException(
                ErrorCode.PermissionDenied,
                $"the broker at {node} ended the connection during the TLS handshake; it may demand a certificate of this end",
                "Name one that the broker accepts: ?certificate=PATH&key=PATH.",
                problem)
            {
                Address = broker.Address,
            };

    private static Exception Innermost(Exception problem)
    {
        Exception cause = problem;
        while (cause is not FairleadException
            && cause is BrokerUnreachableException or AggregateException or ConnectFailureException or IOException
            && cause.InnerException is { } inner)
        {
            cause = inner;
        }

        return cause;
    }
}
