namespace Fairlead.TestPeer;

/// <summary>
/// Commands of a test, a line each on stdin, and answers of a verb, a line each on stdout: <c>ok …</c>, or <c>error CODE
/// TEXT</c>.
/// </summary>
internal sealed class Commands
{
    private readonly Dictionary<string, Func<string[], Task<string>>> _byName = new(StringComparer.Ordinal);

    /// <summary>Adds a command: it gets the words behind its name.</summary>
    public Commands On(string name, Func<string[], Task<string>> run)
    {
        _byName[name] = run;
        return this;
    }

    /// <summary>Says <c>ok</c> and where the endpoint is, then obeys until the input ends.</summary>
    public async Task<int> ObeyAsync(MessagingEndpoint endpoint)
    {
        Answer(endpoint.Address.ToString());
        while (await Console.In.ReadLineAsync() is { } line)
        {
            string[] words = line.Split(' ');
            try
            {
                Answer(await _byName[words[0]](words[1..]));
            }
            catch (FairleadException error)
            {
                Console.WriteLine($"error {error.Code} {error.Message}");
            }
            catch (Exception error)
            {
                Console.WriteLine($"error {error.GetType().Name} {error}".ReplaceLineEndings(" | "));
            }
        }

        return 0;
    }

    private static void Answer(string text) => Console.WriteLine(text.Length == 0 ? "ok" : $"ok {text}");
}
