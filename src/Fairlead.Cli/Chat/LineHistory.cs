namespace Fairlead.Cli.Chat;

/// <summary>Lines that were typed before, and the place in them that is shown.</summary>
internal sealed class LineHistory
{
    private const int MostLines = 1000;

    private readonly List<string> _lines = [];
    private string _typed = "";
    private int _at;

    /// <summary>Keeps a line, unless it is empty or the same as the last one, and goes back to the end.</summary>
    public void Add(string line)
    {
        if (line.Length > 0 && (_lines.Count == 0 || _lines[^1] != line))
        {
            _lines.Add(line);
            if (_lines.Count > MostLines)
            {
                _lines.RemoveAt(0);
            }
        }

        _at = _lines.Count;
    }

    /// <summary>Returns the line before the one shown, or null. Keeps the line that is being typed.</summary>
    public string? Older(string shown)
    {
        if (_at == 0)
        {
            return null;
        }

        _typed = _at == _lines.Count ? shown : _typed;
        return _lines[--_at];
    }

    /// <summary>Returns the line after the one shown, at last what was being typed; or null.</summary>
    public string? Newer() => _at == _lines.Count ? null : ++_at == _lines.Count ? _typed : _lines[_at];
}
