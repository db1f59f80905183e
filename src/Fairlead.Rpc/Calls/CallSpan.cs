using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;

namespace Fairlead.Rpc.Calls;

/// <summary>
/// A call at one of its sides, if there is a listener: its span and its duration, by the RPC conventions of OpenTelemetry. Labels have the
/// names of the contract and of the member, and nothing that a peer chooses.
/// </summary>
/// <remarks>One thread at a time. Without a listener there is none.</remarks>
internal sealed class CallSpan : IDisposable
{
    private const string SystemName = "fairlead";
    private const string SourceName = "Fairlead";

    private static readonly ActivitySource Source = new(SourceName);
    private static readonly Meter Meter = new(SourceName, typeof(CallSpan).Assembly.GetName().Version?.ToString(3));

    private static readonly Histogram<double> ClientDuration = Meter.CreateHistogram<double>(
        "rpc.client.call.duration", "s", "Duration of calls at their client.");

    private static readonly Histogram<double> ServerDuration = Meter.CreateHistogram<double>(
        "rpc.server.call.duration", "s", "Duration of calls at their server.");

    private readonly Histogram<double> _duration;
    private readonly string _method;
    private readonly Activity? _activity;
    private readonly long _began = TimeProvider.System.GetTimestamp();
    private string? _error;
    private bool _isOver;

    private CallSpan(Histogram<double> duration, string method, Activity? activity) =>
        (_duration, _method, _activity) = (duration, method, activity);

    /// <summary>Whether calls at their client have a listener.</summary>
    public static bool IsWatchedAtClient => ClientDuration.Enabled || Source.HasListeners();

    /// <summary>Begins a call at its client.</summary>
    /// <param name="contract">The contract.</param>
    /// <param name="member">The number of the member.</param>
    /// <param name="hasSpan">Whether the call has a span, which is current from now on.</param>
    /// <returns>Null: there is no listener.</returns>
    public static CallSpan? BeginAtClient(RpcDescription contract, int member, bool hasSpan)
    {
        if (!ClientDuration.Enabled && !(hasSpan && Source.HasListeners()))
        {
            return null;
        }

        string method = MethodOf(contract, member);
        Activity? activity = hasSpan ? Source.StartActivity(method, ActivityKind.Client) : null;
        Describe(activity, method);
        return new CallSpan(ClientDuration, method, activity);
    }

    /// <summary>Begins a call at its server, in the span of the handler, which is named by the member.</summary>
    /// <returns>Null: there is no listener.</returns>
    public static CallSpan? BeginAtServer(RpcDescription contract, int member)
    {
        Activity? current = Activity.Current;
        Activity? handler = current is { Kind: ActivityKind.Server } && current.Source.Name == SourceName ? current : null;
        if (handler is null && !ServerDuration.Enabled)
        {
            return null;
        }

        string method = MethodOf(contract, member);
        Describe(handler, method);
        if (handler?.OperationName.StartsWith("process ", StringComparison.Ordinal) == true)
        {
            handler.DisplayName = method;
        }

        return new CallSpan(ServerDuration, method, null);
    }

    /// <summary>Notes why the call has failed at its client.</summary>
    public void FailAtClient(Exception exception)
    {
        _error = exception is FairleadException known ? $"{known.Code}" : exception.GetType().FullName;
        if (_activity is { } activity)
        {
            activity.SetTag("error.type", _error);
            activity.SetStatus(ActivityStatusCode.Error, exception.Message);
            if (exception is RpcException { Code: var code })
            {
                activity.SetTag("rpc.response.status_code", code.ToString(CultureInfo.InvariantCulture));
            }
        }
    }

    /// <summary>Notes why the call has failed at its server. An answer, or a caller that has gone, does not count as a failure.</summary>
    public void FailAtServer(Exception exception) => _error = exception switch
    {
        RpcException { IsOfThisService: true } or OperationCanceledException => null,
        RpcFormatException wrong => $"{wrong.Code}",
        FairleadException known => $"{known.Code}",
        _ => exception.GetType().FullName,
    };

    /// <summary>Notes that the server has denied the call.</summary>
    public void Deny() => _error = $"{ErrorCode.PermissionDenied}";

    /// <summary>Ends the call. Harmless the second time.</summary>
    public void Dispose()
    {
        if (_isOver)
        {
            return;
        }

        _isOver = true;
        TagList tags = new() { { "rpc.system.name", SystemName }, { "rpc.method", _method } };
        if (_error is { } error)
        {
            tags.Add("error.type", error);
        }

        _duration.Record(TimeProvider.System.GetElapsedTime(_began).TotalSeconds, tags);
        _activity?.Dispose();
    }

    private static string MethodOf(RpcDescription contract, int member) => $"{contract.Name}/{contract.Members[member].Name}";

    private static void Describe(Activity? activity, string method)
    {
        activity?.SetTag("rpc.system.name", SystemName);
        activity?.SetTag("rpc.method", method);
    }
}
