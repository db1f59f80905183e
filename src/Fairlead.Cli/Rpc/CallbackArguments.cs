using System.Text.Json;
using Fairlead.Rpc;

namespace Fairlead.Cli.Rpc;

/// <summary>
/// The arguments that are objects which the service calls back. Each call is printed. If stdout closes, the call of the service ends.
/// </summary>
/// <remarks>Calls come on other threads. The first failure counts.</remarks>
internal sealed class CallbackArguments : IDisposable
{
    private readonly MemberCall _member;
    private readonly JsonArguments _arguments;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _end;
    private readonly List<Task> _sessions = [];
    private Exception? _failure;

    public CallbackArguments(MemberCall member, JsonArguments arguments, CancellationToken cancellationToken)
    {
        (_member, _arguments, _caller) = (member, arguments, cancellationToken);
        _end = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
    }

    /// <summary>Makes a call that takes the objects.</summary>
    /// <param name="call">The call.</param>
    /// <param name="stays">Whether the service may call the objects after that, until it has gone.</param>
    /// <exception cref="FairleadException">PeerGone: the service has gone after the call.</exception>
    public async Task RunAsync(Func<CancellationToken, Task> call, bool stays)
    {
        try
        {
            await call(_end.Token);
            if (stays && _sessions.Count > 0)
            {
                await Task.WhenAll(_sessions).WaitAsync(_end.Token);
                throw new FairleadException(ErrorCode.PeerGone, "the service has gone");
            }
        }
        catch (Exception) when (Volatile.Read(ref _failure) is not null && !_caller.IsCancellationRequested)
        {
            throw _failure!;
        }
    }

    /// <summary>Writes the object for a parameter; none for null.</summary>
    /// <exception cref="ToolException">Usage: null is not allowed, or an answer does not fit.</exception>
    public void Write(ref RpcWriter call, RpcChannel channel, int parameter)
    {
        Shape shape = _member.Shape.Parameters[parameter];
        JsonPath path = new();
        path.Enter(_member, parameter);
        JsonElement? argument = _arguments.At(parameter);
        if (argument is { ValueKind: JsonValueKind.Null })
        {
            if (shape is not OptionalShape)
            {
                throw ToolException.Usage($"{path}: null is not {shape.Words}. Leave the argument out: each call is printed");
            }

            channel.WriteCallback<object>(ref call, null);
            return;
        }

        var called = shape as CallbackShape ?? (CallbackShape)((OptionalShape)shape).Inner;
        string name = _member.Parameters?[parameter].Name ?? $"{parameter + 1}";
        CallbackPrinter printer = new(name, called, Answers(called, argument, path), Fail);
        Task session = channel.WriteCallback(ref call, called.Contract(), printer);
        if (!called.IsDuringCall)
        {
            _sessions.Add(session);
        }
    }

    public void Dispose() => _end.Dispose();

    private static JsonElement?[] Answers(CallbackShape called, JsonElement? argument, JsonPath path)
    {
        if (argument is not { } given)
        {
            return new JsonElement?[called.Members.Count];
        }

        if (given.ValueKind != JsonValueKind.Object)
        {
            throw ToolException.Usage(
                $"{path}: {JsonToWire.Cut(given)} is not an object of answers, by the names of the members that are called back");
        }

        JsonToWire values = new(path);
        string[] names = [.. called.Members.Select(static member => member.Name)];
        JsonElement?[] answers = values.Sort(given, names, "a member that is called back");
        for (int i = 0; i < answers.Length; i++)
        {
            if (answers[i] is { } answer)
            {
                path.Enter(called.Members[i].Name);
                Check(called.Members[i], answer, values);
                path.Leave();
            }
        }

        return answers;
    }

    // An answer that does not fit is an error before the call.
    private static void Check(CallbackMember member, JsonElement answer, JsonToWire values)
    {
        if (member.Shape.Result is not { } result)
        {
            throw ToolException.Usage($"{values.Path}: {member.Name} has no result, and takes no answer");
        }

        RpcWriter check = new(stackalloc byte[RpcWriter.InitialSize]);
        try
        {
            values.Write(ref check, result is StreamShape stream ? new ListShape(stream.Element, isSet: false) : result, answer);
        }
        finally
        {
            check.Dispose();
        }
    }

    private void Fail(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call has ended meanwhile.
        }
    }
}
