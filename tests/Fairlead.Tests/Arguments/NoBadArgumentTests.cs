using System.Reflection;
using Fairlead.Conformance;
using Fairlead.Time;

namespace Fairlead.Tests.Arguments;

/// <summary>
/// Calls every public method of every openable type with unexpected values: negative, zero, enormous, infinite and malformed ones, one
/// parameter at a time. A method may refuse them with an argument exception or an error of the library. Afterwards the object works as
/// before, and closes. New methods are covered automatically.
/// </summary>
[SlowRun(Reason = "each public member is called with each bad argument")]
public sealed class NoBadArgumentTests(ITestOutputHelper output) : WatchedTest(output)
{
    // The time that a call with a valid timeout, however long, may wait before its token is cancelled.
    private static readonly TimeSpan Patience = 3.Milliseconds();

    // A call without a separate token has ended long before this.
    private static readonly TimeSpan Hang = 60.Seconds();

    public static TheoryData<string> Subjects => [.. Subject.All.Select(static subject => subject.Name)];

    [Theory]
    [MemberData(nameof(Subjects))]
    public async Task A_bad_argument_may_be_refused_and_does_no_harm(string name)
    {
        Subject subject = Subject.All.Single(each => each.Name == name);
        int calls = 0;
        foreach (MethodInfo method in subject.Methods)
        {
            Func<object?, object?[], object?> call = Invocation.Of(method);
            Subject.Instance instance = await subject.OpenAsync();
            ParameterInfo[] parameters = method.GetParameters();
            foreach (ParameterInfo parameter in parameters.Where(BadValues.Has))
            {
                foreach (object? bad in BadValues.Of(parameter.ParameterType))
                {
                    using CancellationTokenSource patience = new();
                    Dictionary<Type, object> known = new(instance.Known) { [typeof(CancellationToken)] = patience.Token };
                    object?[] arguments = new object?[parameters.Length];
                    bool isKnown = true;
                    for (int i = 0; i < arguments.Length; i++)
                    {
                        isKnown &= BadValues.TryPlain(parameters[i], known, out arguments[i]);
                    }

                    if (!isKnown)
                    {
                        continue;
                    }

                    arguments[parameter.Position] = bad;
                    calls++;
                    await CallAsync(
                        () => call(method.IsStatic ? null : instance.Target, arguments),
                        patience,
                        $"{name}.{method.Name}({parameter.Name}: {Show(bad)})");
                    if (Subject.Ends(method))
                    {
                        await instance.EndAsync().WaitAsync(Hang);
                        instance = await subject.OpenAsync();
                    }
                }
            }

            await instance.UseAsync().WaitAsync(Hang);
            await instance.EndAsync().WaitAsync(Hang);
        }

        Output.WriteLine($"{calls} calls");
        Assert.True(calls > 0, "No method of it takes anything that could be bad.");
    }

    private static async Task CallAsync(Func<object?> call, CancellationTokenSource patience, string what)
    {
        try
        {
            Task calling = OnThread(async () => await Invocation.FinishAsync(call())).Unwrap();
            patience.CancelAfter(Patience);
            await calling.WaitAsync(Hang);
        }
        catch (TimeoutException)
        {
            Assert.Fail($"{what} did not end.");
        }
        catch (Exception exception)
            when (exception is ArgumentException or FairleadException or OperationCanceledException || IsStatement(exception))
        { }
        catch (Exception exception)
        {
            Assert.Fail($"{what}: {exception}");
        }
    }

    /// <summary>
    /// Returns whether the exception reports a wrong state of the object in the library's own words, and not an internal failure.
    /// </summary>
    private static bool IsStatement(Exception exception) =>
        exception is InvalidOperationException && exception.TargetSite?.DeclaringType?.Assembly == typeof(MessagingEndpoint).Assembly;

    private static string Show(object? bad) => bad switch
    {
        null => "null",
        string { Length: > 20 } text => $"{text.Length} characters",
        string text => $"'{PlainText.OneLine(text)}'",
        RequestOptions options => $"{options.Timeout}",
        _ => $"{bad}",
    };
}
