using System.Globalization;
using System.Text;
using Spectre.Console;

namespace Fairlead.Cli.Chat;

/// <summary>
/// The line that is being typed: its text, the cursor, and how both look in a row of a terminal. It reads no key and writes nothing, so it
/// can be tested alone. It moves over and deletes a character as a reader sees it, however many code points encode it.
/// </summary>
internal sealed class LineEditor
{
    private readonly LineHistory _history = new();
    private string _text = "";
    private int _cursor;

    /// <summary>The text so far.</summary>
    public string Text => _text;

    /// <summary>The place of the next character, in UTF-16 units.</summary>
    public int Cursor => _cursor;

    /// <summary>Carries out a key. Returns the line that it completes, or null.</summary>
    public string? Press(Key key, Rune character = default)
    {
        switch (key)
        {
            case Key.Text:
                Insert(character);
                break;
            case Key.Enter:
                return Complete();
            case Key.Left:
                _cursor = Before(_cursor);
                break;
            case Key.Right:
                _cursor = After(_cursor);
                break;
            case Key.WordLeft:
                _cursor = WordBefore();
                break;
            case Key.WordRight:
                _cursor = WordAfter();
                break;
            case Key.Home:
                _cursor = 0;
                break;
            case Key.End:
                _cursor = _text.Length;
                break;
            case Key.Up:
                Replace(_history.Older(_text));
                break;
            case Key.Down:
                Replace(_history.Newer());
                break;
            case Key.Backspace:
                Remove(Before(_cursor), _cursor);
                break;
            case Key.Delete or Key.DeleteOrEnd:
                Remove(_cursor, After(_cursor));
                break;
            case Key.KillToStart:
                Remove(0, _cursor);
                break;
            case Key.KillToEnd:
                Remove(_cursor, _text.Length);
                break;
            case Key.KillWord:
                Remove(WordBefore(), _cursor);
                break;
        }

        return null;
    }

    /// <summary>
    /// Returns the row as bytes for a terminal: prompt, the part of the text around the cursor that fits, and the cursor in its place. A
    /// long line scrolls sideways and does not wrap: there is never more than one row to erase.
    /// </summary>
    /// <param name="prompt">Stands before the text.</param>
    /// <param name="columns">The terminal's width.</param>
    public string Render(string prompt, int columns)
    {
        // The last column stays free: a terminal may wrap when it is written.
        var room = Math.Max(1, columns - prompt.GetCellWidth() - 1);
        var start = _cursor;
        var before = 0;
        while (start > 0 && before + Width(Before(start), start) <= room - 1)
        {
            before += Width(Before(start), start);
            start = Before(start);
        }

        var end = _cursor;
        var width = before;
        while (end < _text.Length && width + Width(end, After(end)) <= room)
        {
            width += Width(end, After(end));
            end = After(end);
        }

        var column = prompt.GetCellWidth() + before;
        var move = column == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"\e[{column}C");
        return $"\r{prompt}{_text[start..end]}\e[K\r{move}";
    }

    private void Insert(Rune character)
    {
        _text = _text.Insert(_cursor, character.ToString());
        _cursor += character.Utf16SequenceLength;
    }

    private string Complete()
    {
        var line = _text;
        _history.Add(line);
        _text = "";
        _cursor = 0;
        return line;
    }

    private void Replace(string? text)
    {
        _text = text ?? _text;
        _cursor = text is null ? _cursor : _text.Length;
    }

    private void Remove(int from, int to)
    {
        _text = _text.Remove(from, to - from);
        _cursor = from;
    }

    private int After(int at) => at == _text.Length ? at : at + StringInfo.GetNextTextElementLength(_text, at);

    /// <summary>The boundary before a place: characters can be told apart from the beginning alone.</summary>
    private int Before(int at)
    {
        var boundary = 0;
        for (var next = After(0); next < at; next = After(next))
        {
            boundary = next;
        }

        return boundary;
    }

    private int WordBefore()
    {
        var at = _cursor;
        while (at > 0 && char.IsWhiteSpace(_text[at - 1]))
        {
            at--;
        }

        while (at > 0 && !char.IsWhiteSpace(_text[at - 1]))
        {
            at--;
        }

        return at;
    }

    private int WordAfter()
    {
        var at = _cursor;
        while (at < _text.Length && char.IsWhiteSpace(_text[at]))
        {
            at++;
        }

        while (at < _text.Length && !char.IsWhiteSpace(_text[at]))
        {
            at++;
        }

        return at;
    }

    private int Width(int from, int to) => _text[from..to].GetCellWidth();
}
