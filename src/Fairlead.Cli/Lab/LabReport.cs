using System.Globalization;
using System.Text.Json;
using Fairlead.Cli.Output;

namespace Fairlead.Cli.Lab;

/// <summary>Narrates experiments on stdout: for people, or as lines of JSON.</summary>
internal sealed class LabReport(bool isJson)
{
    private const int NameWidth = 14;

    private long _began;
    private string _name = "";

    /// <summary>Announces an experiment.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="began">When it began, as its chart has it.</param>
    public void Begin(Experiment experiment, long began)
    {
        (_name, _began) = (experiment.Name, began);
        if (!isJson)
        {
            StandardOutput.WriteLine($"{experiment.Name}: {experiment.Question}");
            StandardOutput.WriteLine($"Watch: {experiment.Watch}\n");
        }
    }

    /// <summary>Shows an event.</summary>
    public void Narrate(LabEvent happened)
    {
        if (isJson)
        {
            Write(new LabLine(_name)
            {
                Event = happened.Kind.ToString().ToLowerInvariant(),
                Microseconds = (happened.At - _began) / 1e3,
                Process = happened.Lane,
                Id = happened.Id == 0 ? null : happened.Id,
                Text = happened.Text,
                Link = happened.Link,
            });
            return;
        }

        string time = ((happened.At - _began) / 1e6).ToString("0.00", CultureInfo.InvariantCulture).PadLeft(9);
        string text = happened.Kind switch
        {
            LabEventKind.Signals => $"sends {happened.Text} to {happened.Link}",
            LabEventKind.Sends => $"→ {happened.Text}",
            LabEventKind.Receives => $"← {happened.Text}",
            LabEventKind.Waits => $"… {happened.Text}",
            LabEventKind.Seen => $"({happened.Text})",
            _ => happened.Text,
        };
        StandardOutput.WriteLine($"{time} ms  {happened.Lane.PadRight(NameWidth)}{VisibleText.OneLine(text)}");
    }

    /// <summary>Shows the claims.</summary>
    /// <returns>Whether all hold.</returns>
    public bool End(IReadOnlyList<Claim> claims)
    {
        if (!isJson)
        {
            StandardOutput.WriteLine("");
        }

        foreach (Claim claim in claims)
        {
            if (isJson)
            {
                Write(new LabLine(_name) { Claim = claim.Text, Holds = claim.Holds, Measured = claim.Measured });
            }
            else
            {
                StandardOutput.WriteLine($"{(claim.Holds ? "yes" : "NO ")}  {claim.Text}\n     {VisibleText.OneLine(claim.Measured)}");
            }
        }

        return claims.All(static claim => claim.Holds);
    }

    private static void Write(LabLine line) => StandardOutput.WriteLine(JsonSerializer.Serialize(line, OutputJson.Readable.LabLine));
}
